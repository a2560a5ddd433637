/** Where things stand on the plot of intervals; pure. */
import type { Comparison, Metric } from "../types";

/** The ends of a plot, which hold zero. */
export interface Scale {
  readonly from: number;
  readonly to: number;
}

const MARGIN = 0.06;

/** Returns the ends of a plot that holds all of these numbers, zero among them, with some room at the sides. */
export function scaleOf(values: readonly (number | undefined)[]): Scale {
  const known = values.filter((each): each is number => each !== undefined && Number.isFinite(each));
  const low = Math.min(0, ...known);
  const high = Math.max(0, ...known);
  const room = (high - low || 1) * MARGIN;
  return { from: low - room, to: high + room };
}

/** Returns the place of a number, from 0 at the left end to 1 at the right one. */
export function placeOf(value: number, { from, to }: Scale): number {
  return Math.min(1, Math.max(0, (value - from) / (to - from)));
}

/** Returns the difference from which on a metric is said to matter: the minimum effect, or a guardrail's margin. */
export function markOf(metric: Metric | undefined, minimumEffect: number, guardrail: boolean): number | undefined {
  const lower = metric?.direction === "METRIC_DIRECTION_LOWER_IS_BETTER";
  if (guardrail) {
    const margin = metric?.margin;
    if (margin === undefined) return undefined;
    return lower ? margin : -margin;
  }
  if (minimumEffect === 0) return undefined;
  return lower ? -minimumEffect : minimumEffect;
}

/** Returns all numbers that a plot has to hold. */
export function plotted(comparisons: readonly Comparison[], mark: number | undefined): (number | undefined)[] {
  return [
    mark,
    ...comparisons.flatMap((each) => [each.difference, each.lower, each.upper, each.atHorizon?.difference]),
  ];
}
