import { expect, test } from "vitest";
import { speechOf } from "../../../i18n/language";
import { texts } from "../../../i18n/pt";
import { chanceText, intervalText, kindOf, pText, writerOf } from "./numbers";
import { markOf, placeOf, scaleOf } from "./scale";
import type { Metric } from "../types";

const speech = speechOf("pt-BR", texts);
const share = writerOf("proportion", speech);

test("differences of proportions are percentage points, with their sign", () => {
  expect(share.estimate(0.158)).toBe("15,8%");
  expect(share.difference(0.033)).toBe("+3,3 p.p.");
  expect(share.difference(-0.013)).toBe("-1,3 p.p.");
  expect(writerOf("revenue", speech).difference(12.345)).toBe("+12,35");
});

test("nothing is certain", () => {
  expect(chanceText(0.99999, speech.format)).toBe("> 99,9%");
  expect(chanceText(0.0000001, speech.format)).toBe("< 0,1%");
  expect(chanceText(0.134, speech.format)).toBe("13,4%");
});

test("what is not known is no zero", () => {
  expect(share.estimate(undefined)).toBe("–");
  expect(intervalText(-0.01, undefined, share.difference, speech.t)).toBe("");
  expect(intervalText(-0.01, 0.02, share.difference, speech.t)).toBe("-1 p.p. a +2 p.p.");
  expect([pText(undefined, speech), pText(0.00001, speech), pText(0.0412, speech)]).toEqual(["–", "< 0,0001", "0,0412"]);
});

const EVENTS = { event: "venda_criada", conditions: [], property: "" };

function metric(changes: Partial<Metric>): Metric {
  return { key: "m", name: "", direction: "METRIC_DIRECTION_UNSPECIFIED", capQuantile: 0, ...changes };
}

test("a metric is of the kind that it measures", () => {
  expect(kindOf(metric({ proportion: EVENTS }))).toBe("proportion");
  expect(kindOf(metric({ mean: EVENTS }))).toBe("mean");
  expect(kindOf(metric({ revenue: { sales: EVENTS } }))).toBe("revenue");
  expect(kindOf(metric({ ratio: {} }))).toBe("ratio");
});

test("a plot holds zero, and all that is drawn on it", () => {
  const scale = scaleOf([0.02, 0.05, undefined]);
  expect(scale.from).toBeLessThan(0);
  expect(scale.to).toBeGreaterThan(0.05);
  expect(placeOf(scale.from, scale)).toBe(0);
  expect(placeOf(0.03, { from: 0, to: 0.06 })).toBeCloseTo(0.5);
  expect(placeOf(9, { from: 0, to: 1 })).toBe(1);
  // One arm without anybody has no numbers at all.
  expect(scaleOf([]).to).toBeGreaterThan(0);
});

test("what matters is on the side of what is wanted, and what is accepted on the side of harm", () => {
  const lower = metric({ direction: "METRIC_DIRECTION_LOWER_IS_BETTER", margin: 0.01 });
  expect(markOf(metric({}), 0.02, false)).toBe(0.02);
  expect(markOf(lower, 0.02, false)).toBe(-0.02);
  expect(markOf(lower, 0.02, true)).toBe(0.01);
  expect(markOf(metric({ margin: 0.01 }), 0, true)).toBe(-0.01);
  expect(markOf(metric({}), 0, false)).toBeUndefined();
});
