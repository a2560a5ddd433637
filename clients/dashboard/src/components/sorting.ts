/** The order of rows; pure. */

/** By which column, and which way. */
export interface Order {
  readonly key: string;
  readonly descending: boolean;
}

const compareTexts = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" }).compare;

/** Returns the rows in the order of a value. Rows without one come last either way; equal ones stay as they were. */
export function sorted<Row>(
  rows: readonly Row[],
  value: (row: Row) => number | string | undefined,
  descending: boolean,
): Row[] {
  const present: { row: Row; by: number | string }[] = [];
  const absent: Row[] = [];
  for (const row of rows) {
    const by = value(row);
    if (by === undefined || by === "" || Number.isNaN(by)) absent.push(row);
    else present.push({ row, by });
  }
  const compare = (a: number | string, b: number | string) =>
    typeof a === "number" && typeof b === "number" ? a - b : compareTexts(String(a), String(b));
  present.sort((a, b) => (descending ? compare(b.by, a.by) : compare(a.by, b.by)));
  return [...present.map((each) => each.row), ...absent];
}
