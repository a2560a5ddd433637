import { expect, test } from "vitest";
import { texts } from "../../i18n/en";
import { speechOf } from "../../i18n/language";
import { texts as PORTUGUESE } from "../../i18n/pt";
import { exampleCondition } from "./example";
import { conditionParts, conditionsParts, plain, prerequisiteParts, ruleParts, serveParts, targetParts } from "./sentences";

const pt = speechOf("pt-BR", PORTUGUESE);
const en = speechOf("en", texts);
const strings = (...texts: string[]) => texts.map((stringValue) => ({ stringValue }));
const condition = (rest: Parameters<typeof exampleCondition>[0]) => plain(conditionParts(exampleCondition(rest), pt));

test("conditions read as sentences", () => {
  expect(condition({})).toBe("plano é premium");
  expect(condition({ negate: true, values: strings("premium", "gold", "free") })).toBe("plano não é premium, gold ou free");
  expect(condition({ ignoreCase: true })).toBe("plano é premium (sem diferenciar maiúsculas)");
  expect(condition({ operator: "OPERATOR_IN_SEGMENT", attribute: "", values: strings("beta") })).toBe("está no segmento beta");
  expect(condition({ operator: "OPERATOR_EXISTS", values: [], negate: true })).toBe("plano não existe");
  expect(condition({ operator: "OPERATOR_BETWEEN", values: [{ intValue: "1" }, { intValue: "5" }] })).toBe("plano está entre 1 e 5");
  expect(condition({ operator: "OPERATOR_AFTER", values: strings("-7d") })).toBe("plano é depois de 7 dias atrás");
});

test("a text that looks like a number stands in quotes, and long lists are cut", () => {
  expect(condition({ values: strings("42") })).toBe('plano é "42"');
  const many = strings(...Array.from({ length: 40 }, (_, index) => `e${index}`));
  expect(condition({ values: many })).toBe("plano é e0, e1, e2, e3, e4, e5 ou mais 34");
});

test("rollouts name shares, coverage and what is drawn by", () => {
  const splits = [
    { variant: "a", weight: 33_333 },
    { variant: "b", weight: 66_667 },
  ];
  const serve = { rollout: { bucketBy: "tenant_id", splits, coverage: 25_000 } };
  const spaceless = (text: string) => text.replace(/[\u00a0\u202f]/g, " ");
  expect(spaceless(plain(serveParts(serve, pt)))).toBe("a 33,333%, b 66,667%, para 25% sorteados por tenant_id");
  expect(plain(serveParts({ variant: "on" }, pt))).toBe("on");
  const covered = { rollout: { bucketBy: "", splits: [{ variant: "on", weight: 100_000 }], coverage: 10_000 } };
  expect(plain(serveParts(covered, en))).toBe("on, for 10% drawn by targeting_key");
});

test("rules, targets and prerequisites are whole sentences in both languages", () => {
  const rule = { id: "r", description: "", conditions: [exampleCondition(), exampleCondition({ attribute: "região" })], serve: { variant: "on" } };
  expect(plain(ruleParts(rule, pt))).toBe("se plano é premium e região é premium → on");
  expect(plain(ruleParts(rule, en))).toBe("if plano is premium and região is premium → on");
  expect(plain(conditionsParts([], pt))).toBe("sempre");
  expect(plain(targetParts({ attribute: "tenant_id", variant: "on", values: ["acme", "ipe"] }, pt))).toBe("se tenant_id é acme ou ipe → on");
  expect(plain(prerequisiteParts({ flagKey: "outra", variants: ["on"] }, pt))).toBe("outra serve on");
});
