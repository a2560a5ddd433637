/** Days of a calendar in a time zone; pure. A date is text such as "2026-11-25". */
import type { Scope } from "./question";

/** Where days begin unless a question says otherwise. */
export const USUAL_ZONE = "America/Sao_Paulo";
/** Those that can be chosen. */
export const ZONES = [
  USUAL_ZONE,
  "America/Noronha",
  "America/Fortaleza",
  "America/Manaus",
  "America/Cuiaba",
  "America/Rio_Branco",
  "UTC",
] as const;

const USUAL_DAYS = 30;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Returns the date on which an instant falls. */
export function dateOf(instant: Date, timeZone: string): string {
  // The Swedish write dates as ISO 8601 does.
  return new Intl.DateTimeFormat("sv-SE", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" }).format(instant);
}

/**
 * Returns the first instant of a date. That is not always midnight: clocks may be put forward then.
 *
 * @throws RangeError when it is no date, or no time zone
 */
export function beginOf(date: string, timeZone: string): Date {
  const midnight = Date.parse(`${date}T00:00:00Z`);
  let [low, high] = [midnight - 30 * HOUR_MS, midnight + 30 * HOUR_MS];
  while (high - low > MINUTE_MS) {
    const middle = Math.floor((low + high) / 2 / MINUTE_MS) * MINUTE_MS;
    if (dateOf(new Date(middle), timeZone) >= date) high = middle;
    else low = middle;
  }
  return new Date(high);
}

/** Returns the date so many days after another one. */
export function dayAfter(date: string, days = 1): string {
  return new Date(Date.parse(`${date}T12:00:00Z`) + days * 24 * HOUR_MS).toISOString().slice(0, 10);
}

/** The first and the last date of a period that is told by dates. */
export interface Dates {
  readonly first: string;
  readonly last: string;
}

/** Returns the dates of a scope that has a start and an end; otherwise of the last 30 days. */
export function datesOf(scope: Scope, now: Date): Dates {
  const zone = scope.timeZone ?? USUAL_ZONE;
  if (scope.start !== undefined && scope.end !== undefined) {
    return { first: dateOf(new Date(scope.start), zone), last: dateOf(new Date(Date.parse(scope.end) - 1), zone) };
  }
  const today = dateOf(now, zone);
  return { first: dayAfter(today, -29), last: today };
}

/** Returns a scope whose period is from the begin of one date to the end of another. */
export function withDates(scope: Scope, { first, last }: Dates): Scope {
  const zone = scope.timeZone ?? USUAL_ZONE;
  const others = withoutPeriod(scope);
  return { ...others, start: beginOf(first, zone).toISOString(), end: beginOf(dayAfter(last), zone).toISOString() };
}

/** Returns a scope whose period is so many days up to today. */
export function withDays(scope: Scope, days: number): Scope {
  return { ...withoutPeriod(scope), last: { count: days, unit: "CALENDAR_UNIT_DAY" } };
}

/** Returns a scope with a period: its own, or the last 30 days. */
export function withPeriod(scope: Scope): Scope {
  return scope.last === undefined && scope.start === undefined ? withDays(scope, USUAL_DAYS) : scope;
}

/** Returns a scope that says nothing of when. */
export function withoutPeriod(scope: Scope): Scope {
  const others = { ...scope };
  delete others.start;
  delete others.end;
  delete others.last;
  return others;
}

/** Returns a question's own scope, with what a page asks for instead: another period, more filters, a tenant. */
export function scopeOnPage(own: Scope | undefined, page: Scope, tenant: string): Scope {
  const hasPeriod = page.last !== undefined || page.start !== undefined;
  const filters = [...(own?.filters ?? []), ...(page.filters ?? [])];
  const cohorts = [...(own?.cohorts ?? []), ...(page.cohorts ?? [])];
  return {
    ...(hasPeriod ? withoutPeriod(own ?? {}) : own),
    ...page,
    ...(tenant === "" ? {} : { tenant }),
    ...(filters.length === 0 ? {} : { filters }),
    ...(cohorts.length === 0 ? {} : { cohorts }),
  };
}
