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

/** Returns the difference with the interval of each look around it. */
export function differenceSeries(comparison: Comparison, t: Speech["t"]): ChartSeries[] {
  return [
    { label: t("exp.series.lower"), points: pointsOf(comparison, (each) => each.lower), colour: "chart-muted", kind: "line", quiet: true },
    { label: t("exp.series.band"), points: pointsOf(comparison, (each) => each.upper), colour: "chart-band", kind: "line", quiet: true, band: true },
    { label: t("exp.series.difference"), points: pointsOf(comparison, (each) => each.difference), colour: "chart-1", kind: "line" },
  ];
}

/** Returns the estimates of an arm and of the control. */
export function estimateSeries(comparison: Comparison, control: string): ChartSeries[] {
  return [
    { label: control, points: pointsOf(comparison, (each) => each.controlEstimate), colour: "chart-muted", kind: "line" },
    { label: comparison.variant, points: pointsOf(comparison, (each) => each.estimate), colour: "chart-1", kind: "line" },
  ];
}
