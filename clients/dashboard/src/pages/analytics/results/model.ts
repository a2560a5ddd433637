/** A result as text: what all of its tables and figures are made of; pure. */
import type { Speech } from "../../../i18n/language";
import { NOTHING } from "../../../i18n/format";
import type { Message } from "../../../api/methods";

/** How a number or text is written. */
export type CellFormat =
  | "text"
  /** A number that is written already. */
  | "written"
  | "count"
  | "decimal"
  /** One digit after the mark. */
  | "score"
  /** In the currency of the fact. */
  | "money"
  /** A ratio, 0.125 is 12.5 %. */
  | "share"
  /** A difference of ratios, in percentage points. */
  | "points"
  /** A length of time. */
  | "seconds"
  /** RFC 3339. */
  | "moment"
  /** A count with a bar as long as it is beside the largest one of its column. */
  | "bar"
  /** How good a web vital is. */
  | "rating"
  | "interval";

/** An interval of a difference of ratios, and whether all of it says "worse". */
export interface Interval {
  readonly at: number;
  readonly low: number;
  readonly high: number;
  readonly isWorse: boolean;
}

/** Undefined: there is none. */
export type Cell = string | number | Interval | undefined;

/** A column of a result. */
export interface ResultColumn {
  readonly title: string;
  readonly format: CellFormat;
}

/** Rows of cells, in the order of the columns. The first column names the rows. */
export interface ResultTable {
  readonly title: string;
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly Cell[])[];
  /** The chart does not show these numbers: they stay in sight. */
  readonly always?: boolean;
}

/** A number that says the result on the whole. */
export interface Fact {
  readonly label: string;
  /** Text keeps all digits of a decimal. */
  readonly value: number | string | undefined;
  readonly format: CellFormat;
  /** ISO 4217, of money. */
  readonly currency?: string;
}

/** What a result says. */
export interface ResultText {
  readonly facts: readonly Fact[];
  readonly tables: readonly ResultTable[];
  /** What has to be known beside the numbers. */
  readonly notes: readonly string[];
  /** The notes say why there are no numbers. */
  readonly silent?: boolean;
}

/** Returns how a group of a breakdown is called. */
export function groupName(group: Message<"BreakdownGroup"> | undefined, { t }: Speech): string {
  if (group?.others === true) return t("ana.others");
  return group?.value ?? t("ana.absent");
}

/** Returns the name of a bucket that may still change with a mark. */
export function bucketName(label: string, incomplete: boolean, speech: Speech): string {
  const text = dateText(label, speech);
  return incomplete ? speech.t("ana.partial", { label: text }) : text;
}

/**
 * Returns a date or an hour as people write it.
 *
 * @param label - ISO 8601 as it is local: "2026-11-25", "2026-11-25T14:00-03:00"
 */
export function dateText(label: string, { language }: Speech): string {
  const day = new Date(`${label.slice(0, 10)}T12:00:00Z`);
  if (Number.isNaN(day.getTime())) return label;
  const month = language === "en" ? "short" : "2-digit";
  const date = new Intl.DateTimeFormat(language, { day: "2-digit", month, timeZone: "UTC" }).format(day);
  const hour = /T(\d\d:\d\d)/.exec(label)?.[1];
  return hour === undefined ? date : `${date} ${hour}`;
}

/** Writes a length of time, also a short one. */
export function secondsText(seconds: number, { format }: Speech): string {
  return seconds < 60 ? `${format.number(seconds, seconds < 10 ? 1 : 0)} s` : format.duration(seconds);
}

/** Writes a cell as text. */
export function cellText(cell: Cell, kind: CellFormat, speech: Speech, currency = ""): string {
  const { format, t } = speech;
  if (cell === undefined || cell === "") return NOTHING;
  if (typeof cell === "object") {
    const points = t("ana.interval", { low: signedPoints(cell.low, speech), high: signedPoints(cell.high, speech) });
    return t("ana.points", { points });
  }
  switch (kind) {
    case "count":
    case "bar":
      return format.number(cell);
    case "decimal":
      return format.number(cell, 2);
    case "score":
      return format.number(cell, 1);
    case "money":
      return format.money(cell, currency);
    case "share":
      return format.percent(cell);
    case "points":
      return pointsText(Number(cell), speech);
    case "seconds":
      return secondsText(Number(cell), speech);
    case "moment":
      return format.dateTime(new Date(cell), new Date());
    default:
      return String(cell);
  }
}

/** Writes a difference of ratios in percentage points, with its sign. */
export function pointsText(difference: number, speech: Speech): string {
  return speech.t("ana.points", { points: signedPoints(difference, speech) });
}

function signedPoints(difference: number, { format }: Speech): string {
  const points = difference * 100;
  // A bound that is hardly above zero says something that "0" would not.
  const digits = Math.abs(points) < 0.1 ? 2 : 1;
  const rounded = Number(points.toFixed(digits));
  return `${rounded > 0 ? "+" : ""}${format.number(rounded, digits)}`;
}

/** Returns the change of a fact since the period before, as text; undefined when nothing can be said. */
export function changeText(now: Fact, before: Fact | undefined, speech: Speech): string | undefined {
  if (now.value === undefined || before?.value === undefined || now.format === "score") return undefined;
  const [to, from] = [Number(now.value), Number(before.value)];
  if (now.format === "share") return pointsText(to - from, speech);
  return from === 0 ? undefined : speech.format.change((to - from) / from);
}

/** Whether a result says nothing: no figure and no number of a table is more than zero. */
export function isEmpty({ facts, tables, silent }: ResultText): boolean {
  const nothing = (cell: Cell, format: CellFormat) =>
    cell === undefined || (format !== "text" && typeof cell !== "object" && Number(cell) === 0);
  return (
    silent !== true &&
    facts.every((fact) => nothing(fact.value, fact.format)) &&
    tables.every(({ columns, rows }) =>
      rows.every((row) => columns.every(({ format }, index) => index === 0 || nothing(row[index], format))),
    )
  );
}
