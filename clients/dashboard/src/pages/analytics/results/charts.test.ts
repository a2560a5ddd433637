import { expect, test } from "vitest";
import { speechOf } from "../../../i18n/language";
import { texts as PORTUGUESE } from "../../../i18n/pt";
import { lifecycleChart, seriesChart, stickinessChart } from "./charts";

const SPEECH = speechOf("pt-BR", PORTUGUESE);
const points = (...values: string[]) =>
  values.map((value, index) => ({ label: `2026-11-0${index + 1}`, value, incomplete: index === values.length - 1 }));

test("a series stands before the period before it, bucket by bucket", () => {
  const drawn = seriesChart(
    { points: points("1", "2", "3"), total: "6", groups: [] },
    { points: points("4", "5"), total: "9", groups: [] },
    "vendas",
    SPEECH,
  );
  expect(drawn.labels).toEqual(["01/11", "02/11", "03/11"]);
  expect(drawn.series.map((each) => each.values)).toEqual([
    [1, 2, 3],
    [4, 5, null],
  ]);
  expect(drawn.open).toEqual([false, false, true]);
});

test("the largest four groups are drawn", () => {
  const groups = ["a", "b", "c", "d", "e"].map((value) => ({ group: { value, others: false }, points: points("1"), total: "1" }));
  const drawn = seriesChart({ points: points("5"), total: "5", groups }, undefined, "vendas", SPEECH);
  expect(drawn.series.map((each) => each.label)).toEqual(["a", "b", "c", "d"]);
});

test("those who went stand below the line", () => {
  const bucket = { label: "2026-11-02", new: "3", returning: "5", resurrecting: "1", dormant: "2", incomplete: false };
  const values = lifecycleChart({ buckets: [bucket] }, SPEECH).series.map((each) => each.values[0]);
  expect(values).toEqual([5, 3, 1, -2]);
});

test("power users are told from casual ones by the days", () => {
  const distribution = [1, 2, 3].map((units) => ({ units, actors: `${10 * units}`, orMore: "0", events: "0" }));
  const drawn = stickinessChart({ distribution, powerFrom: 3 }, SPEECH);
  expect(drawn.series.map((each) => each.values)).toEqual([
    [10, 20, null],
    [null, null, 30],
  ]);
});
