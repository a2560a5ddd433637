/** Reading questions out of what anybody may have written into an address. Never throws; what has no sense is left out. */
import type { Breakdown, Exclusion, Filter, Kind, Property, Question, Scope, Selection } from "./question";
import { kindOf, KINDS } from "./question";
import { type FieldShape, SHAPES } from "./shape";

const OPERATORS = [
  "FILTER_OPERATOR_IS",
  "FILTER_OPERATOR_IS_NOT",
  "FILTER_OPERATOR_CONTAINS",
  "FILTER_OPERATOR_MORE",
  "FILTER_OPERATOR_LESS",
  "FILTER_OPERATOR_PRESENT",
  "FILTER_OPERATOR_ABSENT",
] as const;
const ORIGINS = ["PROPERTY_ORIGIN_UNSPECIFIED", "PROPERTY_ORIGIN_CONTEXT", "PROPERTY_ORIGIN_TRAIT"] as const;
const UNITS = ["CALENDAR_UNIT_DAY", "CALENDAR_UNIT_WEEK", "CALENDAR_UNIT_MONTH"] as const;

/** How a filter compares. */
export type Operator = (typeof OPERATORS)[number];
export { OPERATORS, ORIGINS };

type Members = Readonly<Record<string, unknown>>;

/** Returns the members of an object; of anything else none. */
export function membersOf(raw: unknown): Members {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw) ? (raw as Members) : {};
}

function textOf(raw: unknown): string {
  return typeof raw === "string" ? raw : "";
}

function listOf(raw: unknown): readonly unknown[] {
  return Array.isArray(raw) ? raw : [];
}

function textsOf(raw: unknown): string[] {
  return listOf(raw).filter((each): each is string => typeof each === "string");
}

function wholeOf(raw: unknown): number | undefined {
  return typeof raw === "number" && Number.isInteger(raw) && raw >= 0 ? raw : undefined;
}

/** Returns a property; undefined when there is none at all. */
export function propertyOf(raw: unknown): Property | undefined {
  const { name, origin } = membersOf(raw);
  const known = ORIGINS.find((each) => each === origin) ?? ORIGINS[0];
  if (typeof name !== "string") return undefined;
  return known === ORIGINS[0] ? { name } : { name, origin: known };
}

/** Returns filters, unfinished ones as well. */
export function filtersOf(raw: unknown): Filter[] {
  return listOf(raw).map((each) => {
    const { property, operator, values } = membersOf(each);
    return {
      property: propertyOf(property) ?? { name: "" },
      operator: OPERATORS.find((known) => known === operator) ?? OPERATORS[0],
      values: textsOf(values),
    };
  });
}

/** Returns a selection; one of nothing selects all. */
export function selectionOf(raw: unknown): Selection {
  const { event, filters } = membersOf(raw);
  const read = filtersOf(filters);
  return { event: textOf(event), ...(read.length === 0 ? {} : { filters: read }) };
}

function exclusionOf(raw: unknown): Exclusion {
  const { event, after, before } = membersOf(raw);
  return { event: selectionOf(event), after: wholeOf(after) ?? 1, before: wholeOf(before) ?? 2 };
}

function breakdownOf(raw: unknown): Breakdown | undefined {
  const { property, limit } = membersOf(raw);
  const read = propertyOf(property);
  if (read === undefined) return undefined;
  return { property: read, ...(wholeOf(limit) === undefined ? {} : { limit: wholeOf(limit) ?? 0 }) };
}

function valueOf(field: FieldShape, raw: unknown): unknown {
  switch (field.kind) {
    case "selection": {
      const selection = selectionOf(raw);
      return selection.event === "" && selection.filters === undefined ? undefined : selection;
    }
    case "steps":
      return listOf(raw).map(selectionOf);
    case "exclusions": {
      const exclusions = listOf(raw).map(exclusionOf);
      return exclusions.length === 0 ? undefined : exclusions;
    }
    case "events": {
      const events = textsOf(raw);
      return events.length === 0 ? undefined : events;
    }
    case "property":
      return propertyOf(raw);
    case "properties":
      return listOf(raw).flatMap((each) => propertyOf(each) ?? []);
    case "breakdown":
      return breakdownOf(raw);
    case "duration":
      return /^\d+(\.\d+)?s$/.test(textOf(raw)) ? raw : undefined;
    case "choice":
      return field.options.find((each) => each === raw);
    case "number":
      return wholeOf(raw);
    case "flag":
      return raw === true ? true : undefined;
  }
}

/** Returns a report's own member of a question with what its fields say. */
export function reportOf(kind: Kind, raw: unknown): Readonly<Record<string, unknown>> {
  const members = membersOf(raw);
  const read = SHAPES[kind].map((field) => [field.name, valueOf(field, members[field.name])] as const);
  return Object.fromEntries(read.filter(([, value]) => value !== undefined));
}

function isZone(name: string): boolean {
  try {
    return name !== "" && Boolean(new Intl.DateTimeFormat("en", { timeZone: name }));
  } catch {
    return false;
  }
}

/** Returns a scope. The tenant is not in it: it stands in the address of every page. */
export function scopeOf(raw: unknown): Scope {
  const { start, end, last, timeZone, filters, compare, cohorts } = membersOf(raw);
  const { count, unit, withoutCurrent } = membersOf(last);
  const read = filtersOf(filters);
  const of = listOf(cohorts).flatMap((each) => {
    const { cohortId, outside } = membersOf(each);
    return textOf(cohortId) === "" ? [] : [{ cohortId: textOf(cohortId), ...(outside === true ? { outside: true } : {}) }];
  });
  const isPeriod = [start, end].every((each) => !Number.isNaN(Date.parse(textOf(each))));
  const units = UNITS.find((each) => each === unit);
  return {
    ...(wholeOf(count) !== undefined
      ? {
          last: {
            count: wholeOf(count) ?? 0,
            ...(units === undefined ? {} : { unit: units }),
            ...(withoutCurrent === true ? { withoutCurrent: true } : {}),
          },
        }
      : isPeriod
        ? { start: textOf(start), end: textOf(end) }
        : {}),
    ...(isZone(textOf(timeZone)) ? { timeZone: textOf(timeZone) } : {}),
    ...(read.length === 0 ? {} : { filters: read }),
    ...(compare === true ? { compare: true } : {}),
    ...(of.length === 0 ? {} : { cohorts: of }),
  };
}

/** Returns a question of a report that this page knows; undefined when it is none. */
export function questionOf(raw: unknown): Question | undefined {
  const members = membersOf(raw);
  const kind = KINDS.find((each) => each in members);
  if (kind === undefined) return undefined;
  return { scope: scopeOf(members["scope"]), [kind]: reportOf(kind, members[kind]) };
}

/** Returns a question without what is not finished: filters that name no property, steps and events without a name. */
export function finished(question: Question): Question {
  const kind = kindOf(question);
  return kind === undefined ? question : (withoutEmpty(question) as Question);
}

function withoutEmpty(raw: unknown): unknown {
  if (Array.isArray(raw)) return raw.filter((each) => !isEmptyFilter(each)).map(withoutEmpty);
  if (typeof raw !== "object" || raw === null) return raw;
  const members = Object.entries(raw).filter(([name, value]) => !isUnnamed(name, value));
  return Object.fromEntries(members.map(([name, value]) => [name, withoutEmpty(value)]));
}

function isEmptyFilter(raw: unknown): boolean {
  const members = membersOf(raw);
  return "operator" in members && propertyOf(members["property"])?.name === "";
}

function isUnnamed(name: string, raw: unknown): boolean {
  if (name === "breakdown") return propertyOf(membersOf(raw)["property"])?.name === "";
  return !Array.isArray(raw) && membersOf(raw)["name"] === "";
}
