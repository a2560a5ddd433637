/** What a size costs and finds, between the points that a plan names; pure. */
import type { Plan } from "../types";

/** A size of each arm, and what comes of it. */
export interface Sized {
  readonly units: number;
  /** Undefined: further away than the plan looks. */
  readonly days: number | undefined;
  /** The smallest effect that is found, in the unit of the metric. */
  readonly effect: number | undefined;
  readonly lift: number | undefined;
}

const STEPS = 200;

/** The sizes that a slider goes through. */
export interface SliderRange {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/** Returns round sizes from few units to what the plan's longest time or its own size needs. */
export function rangeOf(plan: Plan, chosen: number): SliderRange {
  const most = Math.max(chosen, plan.unitsPerArm === "0" ? 0 : Number(plan.unitsPerArm) * 1.5, ...plan.detectable.map((each) => Number(each.unitsPerArm)));
  const step = roundStep(Math.max(most, STEPS) / STEPS);
  return { from: step, to: Math.max(step, Math.ceil(most / step) * step), step };
}

/** The next of 1, 2, 5, 10, 20 ... */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5, 10].find((each) => each * power >= least) ?? 10) * power;
}

/**
 * Returns what a size costs and finds. Effects shrink with the root of the size; days lie between those of the plan's
 * points.
 */
export function sizedAs(plan: Plan, units: number): Sized {
  const points = plan.detectable.map((each) => ({ ...each, units: Number(each.unitsPerArm) }));
  const known = points.findLast((each) => each.effect !== undefined && each.units > 0);
  const shrink = known === undefined || units <= 0 ? undefined : Math.sqrt(known.units / units);
  const scaled = (value: number | undefined) =>
    value === undefined || shrink === undefined ? undefined : value * shrink;
  return { units, days: daysOf(plan, points, units), effect: scaled(known?.effect), lift: scaled(known?.lift) };
}

function daysOf(plan: Plan, points: readonly { days: number; units: number }[], units: number): number | undefined {
  if (plan.unitsPerArm !== "0" && units === Number(plan.unitsPerArm) && plan.days > 0) return plan.days;
  const after = points.findIndex((each) => each.units >= units);
  const end = points[after];
  if (end === undefined) return beyond(points, units);
  const start = points[after - 1] ?? { days: 0, units: 0 };
  const part = end.units === start.units ? 1 : (units - start.units) / (end.units - start.units);
  return Math.max(1, Math.ceil(start.days + part * (end.days - start.days)));
}

/** After the last point units come as between the last two. */
function beyond(points: readonly { days: number; units: number }[], units: number): number | undefined {
  const [before, last] = points.slice(-2);
  if (before === undefined || last === undefined || last.units <= before.units) return undefined;
  const perDay = (last.units - before.units) / (last.days - before.days);
  return Math.ceil(last.days + (units - last.units) / perDay);
}
