/** The line of a sparkline; pure. */

const MARGIN = 2;

/**
 * Returns an SVG path through the numbers, from the left edge to the right one. Gaps are bridged. Fewer than two numbers
 * make no line.
 *
 * @param width - units, of which the numbers fill all
 * @param height - units; zero, or the lowest number below it, is at the bottom
 */
export function sparkPath(values: readonly (number | null)[], width: number, height: number): string {
  const points = values.flatMap((value, index) => (value === null ? [] : [{ index, value }]));
  if (points.length < 2) return "";
  const low = Math.min(0, ...points.map((point) => point.value));
  const high = Math.max(...points.map((point) => point.value));
  const span = high - low || 1;
  const step = width / (values.length - 1);
  return points
    .map(({ index, value }, at) => {
      const y = height - MARGIN - ((value - low) / span) * (height - 2 * MARGIN);
      return `${at === 0 ? "M" : "L"}${round(index * step)},${round(y)}`;
    })
    .join("");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
