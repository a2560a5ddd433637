/** A result as text: what all of its tables and figures are made of; pure. */
import type { Speech } from "../../../i18n/language";
import { NOTHING } from "../../../i18n/format";
import type { Message } from "../../../api/methods";

/** How a number or text is written. */
export type CellFormat =
  | "text"
  | "count"
  | "decimal"
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
}

/** A number that says the result on the whole. */
export interface Fact {
  readonly label: string;
  readonly value: number | undefined;
  readonly format: CellFormat;
}

/** What a result says. */
export interface ResultText {
  readonly facts: readonly Fact[];
  readonly tables: readonly ResultTable[];
  /** What has to be known beside the numbers. */
  readonly notes: readonly string[];
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
export function cellText(cell: Cell, kind: CellFormat, speech: Speech): string {
  const { format, t } = speech;
  if (cell === undefined || cell === "") return NOTHING;
  if (typeof cell === "object") {
    return t("ana.interval", { low: pointsText(cell.low, speech), high: pointsText(cell.high, speech) });
  }
  switch (kind) {
    case "count":
    case "bar":
      return format.number(cell);
    case "decimal":
      return format.number(cell, 2);
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
export function pointsText(difference: number, { format, t }: Speech): string {
  const points = Number((difference * 100).toFixed(1));
  const sign = points > 0 ? "+" : "";
  return t("ana.points", { points: `${sign}${format.number(points, 1)}` });
}

/** Returns the change of a fact since the period before, as text; undefined when nothing can be said. */
export function changeText(now: Fact, before: Fact | undefined, speech: Speech): string | undefined {
  if (now.value === undefined || before?.value === undefined) return undefined;
  if (now.format === "share") return pointsText(now.value - before.value, speech);
  if (before.value === 0) return undefined;
  return speech.format.change((now.value - before.value) / before.value);
}

/** Whether a result says nothing: no figure and no number of a table is more than zero. */
export function isEmpty({ facts, tables }: ResultText): boolean {
  const nothing = (cell: Cell, format: CellFormat) =>
    cell === undefined || (format !== "text" && typeof cell !== "object" && Number(cell) === 0);
  return (
    facts.every((fact) => nothing(fact.value, fact.format)) &&
    tables.every(({ columns, rows }) =>
      rows.every((row) => columns.every(({ format }, index) => index === 0 || nothing(row[index], format))),
    )
  );
}
