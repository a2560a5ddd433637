/** What charts over time are drawn from. */
import type { ChartColour } from "./palette";

/** A number at a time, in milliseconds since 1970; null: there is none, and the line is broken there. */
export interface Point {
  readonly x: number;
  readonly y: number | null;
}

/** One line, area or row of bars. */
export interface ChartSeries {
  readonly label: string;
  readonly points: readonly Point[];
  readonly colour: ChartColour;
  /** "steps" holds each number up to the next one. */
  readonly kind: "line" | "steps" | "area" | "bars" | "dashed" | "points";
  /** The area up to the series before it is filled: a band between two bounds. */
  readonly band?: boolean;
  /** It is no line of its own in the tooltip and table, and in the legend only as a band. */
  readonly quiet?: boolean;
}

/** Writes a number of a chart, on the axis (`short`) or elsewhere. */
export type WriteNumber = (value: number, short: boolean) => string;
