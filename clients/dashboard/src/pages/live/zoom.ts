/** How much of the day the charts show. */

/** A stretch of time up to now. */
export interface Zoom {
  readonly key: "1h" | "6h" | "24h";
  /** How many minutes. */
  readonly minutes: number;
  /** Minutes of which one point is the mean. */
  readonly block: number;
  /** Minutes of which the last number is drawn, where a mean says nothing. */
  readonly pick: number;
}

/** Those that can be chosen. */
export const ZOOMS: readonly [Zoom, Zoom, Zoom] = [
  { key: "1h", minutes: 60, block: 1, pick: 1 },
  { key: "6h", minutes: 360, block: 5, pick: 2 },
  { key: "24h", minutes: 1440, block: 15, pick: 10 },
];
