/** What charts over names, dates or counts are drawn from. */
import type { ChartColour } from "./palette";

/** One line or row of bars, with a number for each label; null: there is none. */
export interface CategorySeries {
  readonly label: string;
  readonly values: readonly (number | null)[];
  readonly colour: ChartColour;
  readonly kind: "bars" | "line" | "dashed";
}
