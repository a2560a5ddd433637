/** The limits of web vitals as web.dev states them; pure. */

/** The metrics of the plan that are web vitals. */
export const VITALS = ["lcp_p75", "inp_p75", "cls_p75"] as const;

/** One of them. */
export type Vital = (typeof VITALS)[number];

/** Up to `good` it is good, above `poor` poor: milliseconds, and a score for CLS. */
export const LIMITS: Record<Vital, { readonly good: number; readonly poor: number }> = {
  lcp_p75: { good: 2500, poor: 4000 },
  inp_p75: { good: 200, poor: 500 },
  cls_p75: { good: 0.1, poor: 0.25 },
};

/** Returns how a value is rated; an empty string is no measurement. */
export function ratingOf(vital: Vital, value: string): "good" | "fair" | "poor" | "none" {
  if (value === "") return "none";
  const { good, poor } = LIMITS[vital];
  return Number(value) <= good ? "good" : Number(value) <= poor ? "fair" : "poor";
}
