/** Rows of an answer in SQL as text and as a file; pure. */
import type { Value } from "../../../api/values";
import { jsonOf } from "../../../api/values";

/** Returns a cell as text; undefined is NULL. */
export function cellOf(value: Value): string | undefined {
  if (value.stringValue !== undefined) return value.stringValue;
  return Object.keys(value).length === 0 ? undefined : jsonOf(value);
}

/** What spreadsheets take for a formula. */
const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i;

function quoted(cell: string | undefined): string {
  if (cell === undefined) return "";
  const safe = FORMULA.test(cell) && !NUMBER.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Returns rows as CSV (RFC 4180). Texts that a spreadsheet would take for a formula begin with an apostrophe. */
export function csvOf(columns: readonly string[], rows: readonly (readonly (string | undefined)[])[]): string {
  return [columns, ...rows].map((row) => `${row.map(quoted).join(",")}\r\n`).join("");
}
