/** Where the marks of a time axis stand; pure. Times are milliseconds since 1970. */

const MINUTE = 60_000;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440, 2880, 10_080].map((minutes) => minutes * MINUTE);

/**
 * Returns round times of the browser's clock between two times.
 *
 * @param most - how many at most
 * @param offsetMinutes - of the time zone to UTC, as `Date.getTimezoneOffset` says it
 */
export function timeMarks(from: number, to: number, most: number, offsetMinutes: number): number[] {
  const step = STEPS.find((each) => (to - from) / each <= most) ?? Math.ceil((to - from) / most);
  const shift = offsetMinutes * MINUTE;
  const marks: number[] = [];
  for (let at = Math.ceil((from - shift) / step) * step + shift; at <= to; at += step) marks.push(at);
  return marks;
}
