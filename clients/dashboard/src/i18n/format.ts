/** Numbers, money and times as people of a language write them; pure. Numbers come as decimal strings, exact to the cent. */
import type { Language } from "./messages";

/** Shown where there is no number. */
export const NOTHING = "–";

/** Writes for one language. */
export interface Format {
  /** A count or other number; `digits` is the most after the decimal mark. */
  readonly number: (value: string | number, digits?: number) => string;
  /** Shortened, for axes and narrow places: 12,3 mil. */
  readonly compact: (value: number, currency?: string) => string;
  /** A decimal string in an ISO 4217 currency; without one, a plain number of two digits. */
  readonly money: (value: string | number, currency: string) => string;
  /** A ratio, 0.125 is 12,5 %. */
  readonly percent: (value: string | number, digits?: number) => string;
  /** A ratio with its sign, for changes. */
  readonly change: (value: string | number) => string;
  /** 14:05:09 */
  readonly clock: (time: Date) => string;
  /** 14:05 */
  readonly minute: (time: Date) => string;
  /** 25/11 14:05, with the year when it is another one than that of `now`. */
  readonly dateTime: (time: Date, now?: Date) => string;
  /** 25/11 */
  readonly day: (time: Date) => string;
  /** há 5 minutos, em 2 horas; in whole units. */
  readonly ago: (time: Date, now: Date) => string;
  /** 3 min, 1 h 20 min: a length in seconds. */
  readonly duration: (seconds: number) => string;
}

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** Intl takes decimal strings exactly; its types know only the literal ones. */
function exact(value: string | number): Intl.StringNumericLiteral | number {
  return value as Intl.StringNumericLiteral | number;
}

function isNumber(value: string | number): boolean {
  return value !== "" && Number.isFinite(Number(value));
}

/** Returns what writes for a language; `timeZone` is that of the browser unless given. */
export function formatOf(language: Language, timeZone?: string): Format {
  const made = new Map<string, Intl.NumberFormat>();
  const numbers = (options: Intl.NumberFormatOptions) => {
    const key = JSON.stringify(options);
    const format = made.get(key) ?? new Intl.NumberFormat(language, options);
    made.set(key, format);
    return format;
  };
  const times = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(language, { hourCycle: "h23", ...(timeZone === undefined ? {} : { timeZone }), ...options });
  const clock = times({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const minute = times({ hour: "2-digit", minute: "2-digit" });
  const day = times({ day: "2-digit", month: language === "en" ? "short" : "2-digit" });
  const dayWithYear = times({ day: "2-digit", month: language === "en" ? "short" : "2-digit", year: "numeric" });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const write = (value: string | number, options: Intl.NumberFormatOptions) =>
    isNumber(value) ? numbers(options).format(exact(value)) : NOTHING;
  const inCurrency = (currency: string): Intl.NumberFormatOptions =>
    /^[A-Z]{3}$/.test(currency) ? { style: "currency", currency } : { minimumFractionDigits: 2, maximumFractionDigits: 2 };

  return {
    number: (value, digits = 0) => write(value, { maximumFractionDigits: digits }),
    compact: (value, currency = "") =>
      write(value, {
        ...(currency === "" ? {} : inCurrency(currency)),
        notation: "compact",
        minimumFractionDigits: 0,
        maximumFractionDigits: 1,
      }),
    money: (value, currency) => write(value, inCurrency(currency)),
    percent: (value, digits = 1) => write(value, { style: "percent", maximumFractionDigits: digits }),
    change: (value) => {
      const maximumFractionDigits = Math.abs(Number(value)) < 10 ? 1 : 0;
      return write(value, { style: "percent", maximumFractionDigits, signDisplay: "exceptZero" });
    },
    clock: (time) => clock.format(time),
    minute: (time) => minute.format(time),
    dateTime: (time, now) =>
      `${(now === undefined || now.getFullYear() === time.getFullYear() ? day : dayWithYear).format(time)} ${minute.format(time)}`,
    day: (time) => day.format(time),
    ago: (time, now) => {
      const seconds = (time.getTime() - now.getTime()) / 1000;
      for (const [unit, size] of UNITS) {
        if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
      }
      return relative.format(0, "second");
    },
    duration: (seconds) => {
      const whole = Math.max(0, Math.round(seconds));
      const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
      if (hours >= 48) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
      if (hours > 0) return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`;
      return minutes > 0 ? `${minutes} min` : `${whole} s`;
    },
  };
}
