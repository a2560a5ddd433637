import { expect, test } from "vitest";
import { speechOf } from "../../../i18n/language";
import { texts } from "../../../i18n/pt";
import type { Comparison } from "../types";
import { differenceSeries, estimateSeries, timesOf } from "./series";

const { t } = speechOf("pt-BR", texts);
const COMPARISON: Comparison = {
  variant: "b",
  intervalEmpty: false,
  harmed: false,
  harmless: false,
  series: [
    { at: "2026-03-01T00:00:00Z", controlUnits: "0", units: "10" },
    { at: "2026-03-02T00:00:00Z", controlUnits: "90", units: "110", controlEstimate: 0.1, estimate: 0.2, difference: 0.1, lower: -0.2, upper: 0.4 },
  ],
};

const LATER = { at: "2026-03-03T00:00:00Z", controlUnits: "190", units: "210", difference: 0.05, lower: -0.1, upper: 0.2 };

test("a look that says nothing breaks the line and is no zero", () => {
  const series = differenceSeries({ ...COMPARISON, series: [...COMPARISON.series, LATER] }, t);
  const [lower, upper] = series;
  expect(series.map((each) => each.points.map((point) => point.y))).toEqual([
    [null, -0.2, -0.1],
    [null, 0.4, 0.2],
    [null, 0.1, 0.05],
  ]);
  // The band lies between the second line and the one before it.
  expect([lower?.band, upper?.band]).toEqual([undefined, true]);
});

test("a single look is drawn as points", () => {
  expect(differenceSeries(COMPARISON, t).map((each) => each.kind)).toEqual(["points", "points", "points"]);
});

test("both arms stand beside each other", () => {
  expect(estimateSeries(COMPARISON, "a").map((each) => [each.label, each.points.at(-1)?.y])).toEqual([
    ["a", 0.1],
    ["b", 0.2],
  ]);
  expect(timesOf(COMPARISON)).toHaveLength(2);
});
