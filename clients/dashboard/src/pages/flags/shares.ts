/** Percentages of a rollout: integers out of 100,000 that sum to it; pure. */

/** All of it. */
export const WHOLE = 100_000;

/**
 * Returns the weights after one was changed. Those below it share what is left, in the proportion that they had, so that
 * weights can be entered from top to bottom; only when nothing below is left to change, those above give or take.
 *
 * @param at - which one
 * @param wanted - its new weight; it is brought between 0 and 100,000
 */
export function withWeight(weights: readonly number[], at: number, wanted: number): number[] {
  if (weights.length < 2) return weights.map(() => WHOLE);
  const own = Math.min(Math.max(Math.round(wanted), 0), WHOLE);
  const above = weights.slice(0, at);
  const below = weights.slice(at + 1);
  const room = WHOLE - own;
  if (below.length === 0) return [...lowered(above, room), own];
  const kept = sum(above) <= room ? above : lowered(above, room);
  return [...kept, own, ...shared(below, room - sum(kept))];
}

/** Returns so many weights that are as equal as can be. */
export function equalWeights(count: number): number[] {
  return shared(new Array<number>(count).fill(1), WHOLE);
}

/** Returns weights in the proportion of those given, that sum to `total` exactly: the largest remainders are rounded up. */
function shared(weights: readonly number[], total: number): number[] {
  const all = sum(weights);
  const exact = weights.map((each) => (all === 0 ? total / weights.length : (each / all) * total));
  const floors = exact.map(Math.floor);
  const order = exact
    .map((each, index) => ({ index, rest: each - Math.floor(each) }))
    .sort((a, b) => b.rest - a.rest || a.index - b.index);
  let left = total - sum(floors);
  for (const { index } of order) {
    if (left <= 0) break;
    floors[index] = (floors[index] ?? 0) + 1;
    left -= 1;
  }
  return floors;
}

/** Returns weights that sum to `total`: the last ones give or take first. */
function lowered(weights: readonly number[], total: number): number[] {
  const next = [...weights];
  let over = sum(next) - total;
  for (let at = next.length - 1; at >= 0 && over !== 0; at -= 1) {
    const given = Math.min(next[at] ?? 0, over);
    next[at] = (next[at] ?? 0) - given;
    over -= given;
  }
  return next;
}

function sum(weights: readonly number[]): number {
  return weights.reduce((total, each) => total + each, 0);
}

/** Returns a weight as the number of its percentage, with a point: 12500 is "12.5". */
export function percentOf(weight: number): string {
  return String(weight / 1000);
}

/** Reads a percentage, with comma or point and at most three digits after it; undefined if it is none from 0 to 100. */
export function weightOf(text: string): number | undefined {
  const match = /^\s*(\d{1,3})(?:[.,](\d{0,3}))?\s*%?\s*$/.exec(text);
  if (match === null) return undefined;
  const weight = Number(match[1]) * 1000 + Number((match[2] ?? "").padEnd(3, "0"));
  return weight <= WHOLE ? weight : undefined;
}
