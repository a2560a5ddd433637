/** Lengths of time as the contract writes them ("604800s") and as people do; pure. */

/** Seconds of the units that can be chosen. */
export const UNITS = [1, 60, 3600, 86_400] as const;

/** Seconds of a unit. */
export type TimeUnit = (typeof UNITS)[number];

/** Returns a duration in the largest unit of which it is whole; without one, days. */
export function amountOf(duration: string | undefined): { amount: number | undefined; unit: TimeUnit } {
  const seconds = duration === undefined ? Number.NaN : Number.parseFloat(duration);
  if (!Number.isFinite(seconds) || seconds <= 0) return { amount: undefined, unit: 86_400 };
  const unit = UNITS.findLast((each) => seconds % each === 0) ?? 1;
  return { amount: seconds / unit, unit };
}

/** Returns so many units as a duration; undefined when it is no number above zero. */
export function secondsOf(amount: string, unit: TimeUnit): string | undefined {
  const number = Number(amount);
  return amount.trim() === "" || !Number.isFinite(number) || number <= 0 ? undefined : `${number * unit}s`;
}
