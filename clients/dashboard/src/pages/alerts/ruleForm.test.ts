import { expect, test } from "vitest";
import { formOf, NEW_RULE, ruleOf } from "./ruleForm";

test("an anomaly rule becomes a form and the same rule again", () => {
  const rule = ruleOf({
    ...NEW_RULE,
    key: "vendas",
    tenants: " a, b ,, ",
    currency: "brl",
    enabled: false,
    webhooks: ["1"],
    direction: "down",
    sensitivity: "ANOMALY_SENSITIVITY_HIGH",
    minimumDifference: "3",
    minimumShare: "29",
    persistence: "2",
  });
  expect(rule).toMatchObject({
    tenants: ["a", "b"],
    currency: "BRL",
    disabled: true,
    anomaly: { directions: ["ANOMALY_DIRECTION_DOWN"], minimumShare: 0.29, persistence: 2 },
  });
  expect(rule.threshold).toBeUndefined();
  expect(ruleOf(formOf(rule))).toEqual(rule);
  expect(formOf(rule).minimumShare).toBe("29");
});

test("a threshold rule becomes a form and the same rule again", () => {
  const rule = ruleOf({
    ...NEW_RULE,
    key: "erros",
    condition: "threshold",
    comparison: "THRESHOLD_COMPARISON_BELOW",
    value: " 0.05 ",
    heldMinutes: "15",
  });
  expect(rule.threshold).toEqual({ comparison: "THRESHOLD_COMPARISON_BELOW", value: "0.05", heldFor: "900s" });
  expect(rule.anomaly).toBeUndefined();
  expect(ruleOf(formOf(rule))).toEqual(rule);
});

test("both directions and none are the same", () => {
  const rule = ruleOf(NEW_RULE);
  expect(rule.anomaly?.directions).toEqual([]);
  if (rule.anomaly === undefined) throw new Error("no anomaly");
  const both = { ...rule, anomaly: { ...rule.anomaly, directions: ["ANOMALY_DIRECTION_UP" as const, "ANOMALY_DIRECTION_DOWN" as const] } };
  expect(formOf(both).direction).toBe("both");
});
