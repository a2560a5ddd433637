/** Minute series as they are received, and as they are drawn; pure. */
import type { Message } from "../../api/methods";

export const MINUTE_MS = 60_000;
const KEPT_MINUTES = 24 * 60;

/** A number for each minute; null where there is none. */
export interface Minutes {
  /** The first minute, milliseconds since 1970. */
  readonly start: number;
  readonly values: readonly (number | null)[];
}

function numberOf(text: string): number | null {
  return text === "" ? null : Number(text);
}

/**
 * Returns the series with what has arrived in place of what it had from there on. The last 24 hours are kept; minutes
 * between the two that nobody told of have no number.
 */
export function merged(before: Minutes | undefined, arrived: Message<"MinuteSeries">): Minutes {
  const start = Date.parse(arrived.startTime ?? "");
  const values = arrived.values.map(numberOf);
  if (Number.isNaN(start)) return before ?? { start: 0, values: [] };
  if (before === undefined || start <= before.start) return latest(start, values);
  const kept = (start - before.start) / MINUTE_MS;
  const missing = Math.max(0, kept - before.values.length);
  const gap = Array.from({ length: Math.min(missing, KEPT_MINUTES) }, () => null);
  return latest(missing > KEPT_MINUTES ? start - gap.length * MINUTE_MS : before.start, [
    ...(missing > KEPT_MINUTES ? [] : before.values.slice(0, kept)),
    ...gap,
    ...values,
  ]);
}

function latest(start: number, values: readonly (number | null)[]): Minutes {
  const over = Math.max(0, values.length - KEPT_MINUTES);
  return { start: start + over * MINUTE_MS, values: values.slice(over) };
}

/** How the minutes of a block become one number. */
export type Folding = "mean" | "last";

/** A block of minutes. */
export interface Block {
  /** Its first minute, milliseconds since 1970. */
  readonly x: number;
  readonly y: number | null;
}

/**
 * Returns the last minutes in blocks that begin at whole multiples of their size.
 *
 * @param minutes - how many of the last minutes
 * @param size - minutes in a block
 * @param folding - "mean" for what falls into minutes, "last" for what holds at their end
 */
export function blocks(series: Minutes, minutes: number, size: number, folding: Folding): Block[] {
  const end = series.start + series.values.length * MINUTE_MS;
  const span = size * MINUTE_MS;
  const found = new Map<number, number[]>();
  const first = Math.max(0, series.values.length - minutes);
  // The minute in progress is not whole yet, and would pull the mean of its block down.
  const last = folding === "mean" && size > 1 ? series.values.length - 1 : series.values.length;
  for (let index = first; index < last; index += 1) {
    const at = Math.floor((series.start + index * MINUTE_MS) / span) * span;
    const block = found.get(at) ?? [];
    const value = series.values[index];
    if (value !== null && value !== undefined) block.push(value);
    found.set(at, block);
  }
  // The first block is cut by the window when it began before it; its mean would be of other minutes than it says.
  const begins = end - minutes * MINUTE_MS;
  return [...found]
    .filter(([at]) => folding === "last" || size === 1 || at >= begins || found.size === 1)
    .map(([at, values]) => ({ x: at, y: folded(values, folding) }));
}

function folded(values: readonly number[], folding: Folding): number | null {
  if (values.length === 0) return null;
  if (folding === "last") return values.at(-1) ?? null;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
