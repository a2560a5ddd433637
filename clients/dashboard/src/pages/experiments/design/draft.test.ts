import { expect, test } from "vitest";
import type { Message } from "../../../api/methods";
import { kindOf } from "../result/numbers";
import { canPlan, freeKey, measureOf, newDesign, newMetric, partsOf, stepOf, withFlag, withKind, withMeasure, wrongSteps } from "./draft";

const FLAG = {
  key: "cta",
  offVariant: "control",
  owner: "time-vendas",
  variants: ["control", "novo"].map((name) => ({ name, description: "" })),
} as unknown as Message<"Flag">;
const SALE = { event: "venda_criada", conditions: [], property: "" };

test("a flag suggests its key, its arms and its control, and keeps what a person wrote", () => {
  const design = withFlag(newDesign(), FLAG);
  expect(design).toMatchObject({ key: "cta", control: "control", owner: "time-vendas" });
  expect(design.arms.map((each) => each.variant)).toEqual(["control", "novo"]);
  const renamed = withFlag({ ...design, key: "cta-maio", owner: "ana" }, { ...FLAG, key: "outra" });
  expect(renamed).toMatchObject({ key: "cta-maio", owner: "ana", flagKey: "outra" });
});

test("a metric keeps its events when it measures something else, and nothing that has no meaning there", () => {
  const done = withMeasure(newMetric("m"), "proportion", SALE);
  const revenue = { ...withKind(done, "revenue"), capQuantile: 0.99, covariateWindow: "604800s" };
  expect(measureOf(revenue, "sales")).toEqual({ ...SALE, property: "valor" });
  const back = withKind(revenue, "proportion");
  expect(back).toMatchObject({ capQuantile: 0, proportion: SALE });
  expect(back).not.toHaveProperty("covariateWindow");
  expect(partsOf(kindOf(withKind(done, "ratio")))).toEqual(["numerator", "denominator"]);
});

test("sales that nothing takes back have no cancellations", () => {
  const revenue = withKind(withMeasure(newMetric("m"), "proportion", SALE), "revenue");
  const cancelled = withMeasure(revenue, "cancellations", { ...SALE, event: "venda_cancelada" });
  expect(measureOf(cancelled, "cancellations")?.event).toBe("venda_cancelada");
  expect(withMeasure(cancelled, "cancellations", { ...SALE, event: "" })).toEqual(revenue);
});

test("what is wrong leads to the step where it was written", () => {
  expect(stepOf("experiment.primary.window")).toBe("metrics");
  expect(stepOf("experiment.arms[0].weight")).toBe("idea");
  const wrong = ["experiment.rules.alpha", "experiment.hypothesis", "experiment.layer_share"];
  expect(wrongSteps(wrong.map((field) => ({ field, detail: "" })))).toEqual(["idea", "audience", "size"]);
});

test("a plan needs a flag, two arms and an event", () => {
  const design = newDesign(FLAG);
  expect(canPlan(design)).toBe(false);
  const measured = { ...design, primary: withMeasure(newMetric("m"), "proportion", SALE) };
  expect(canPlan(measured)).toBe(true);
  expect(canPlan({ ...measured, arms: measured.arms.slice(1) })).toBe(false);
});

test("keys of metrics are unlike each other", () => {
  expect(freeKey("protecao", ["principal", "protecao", "protecao_2"])).toBe("protecao_3");
});
