/** The lines of the cumulative chart; pure. */
import type { ChartSeries, Point } from "../../../components/chart/series";
import type { Speech } from "../../../i18n/language";
import type { Comparison } from "../types";

type Place = Comparison["series"][number];

/** Returns the times of a comparison's points, in milliseconds since 1970. */
export function timesOf({ series }: Comparison): number[] {
  return series.flatMap((each) => (each.at === undefined ? [] : [Date.parse(each.at)]));
}

function pointsOf({ series }: Comparison, value: (place: Place) => number | undefined): Point[] {
  return series.flatMap((each) => (each.at === undefined ? [] : [{ x: Date.parse(each.at), y: value(each) ?? null }]));
}

/** A single look makes no line. */
function kindOf(points: readonly Point[]): ChartSeries["kind"] {
  return points.filter((each) => each.y !== null).length < 2 ? "points" : "line";
}

/** Returns the difference with the interval of each look around it. */
export function differenceSeries(comparison: Comparison, t: Speech["t"]): ChartSeries[] {
  const lower = pointsOf(comparison, (each) => each.lower);
  const upper = pointsOf(comparison, (each) => each.upper);
  const difference = pointsOf(comparison, (each) => each.difference);
  if (kindOf(difference) === "points") {
    return [
      { label: t("exp.series.lower"), points: lower, colour: "chart-muted", kind: "points" },
      { label: t("exp.series.upper"), points: upper, colour: "chart-muted", kind: "points" },
      { label: t("exp.series.difference"), points: difference, colour: "chart-1", kind: "points" },
    ];
  }
  return [
    { label: t("exp.series.lower"), points: lower, colour: "chart-muted", kind: "line", quiet: true },
    { label: t("exp.series.band"), points: upper, colour: "chart-band", kind: "line", quiet: true, band: true },
    { label: t("exp.series.difference"), points: difference, colour: "chart-1", kind: "line" },
  ];
}

/** Returns the estimates of an arm and of the control. */
export function estimateSeries(comparison: Comparison, control: string): ChartSeries[] {
  const base = pointsOf(comparison, (each) => each.controlEstimate);
  const arm = pointsOf(comparison, (each) => each.estimate);
  return [
    { label: control, points: base, colour: "chart-muted", kind: kindOf(base) },
    { label: comparison.variant, points: arm, colour: "chart-1", kind: kindOf(arm) },
  ];
}
