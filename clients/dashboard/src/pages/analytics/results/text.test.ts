import { expect, test } from "vitest";
import { speechOf } from "../../../i18n/language";
import { texts as PORTUGUESE } from "../../../i18n/pt";
import type { Result } from "../asking/question";
import { bucketName, cellText, changeText, dateText, isEmpty, pointsText } from "./model";
import { textOfResult } from "./text";

const SPEECH = speechOf("pt-BR", PORTUGUESE);

const FUNNEL: Result = {
  funnel: {
    steps: [
      { event: "login_sucesso", actors: "200", overall: 1 },
      { event: "venda_criada", actors: "50", fromPrevious: 0.25, overall: 0.25 },
    ],
    excluded: "0",
    mayStillConvert: "3",
    incomplete: true,
    buckets: [],
    groups: [
      { group: { value: "BRL", others: false }, actors: ["150", "45"] },
      { group: { others: true }, actors: ["50", "5"] },
    ],
    values: "9",
  },
};

test("a funnel says how many got how far, where they stopped, and what may still change", () => {
  const text = textOfResult(FUNNEL, {}, SPEECH);
  expect(text.facts.map((each) => each.value)).toEqual([0.25, 200, 50, undefined]);
  expect(text.tables[0]?.rows).toEqual([
    ["1.\u00a0login_sucesso", 200, undefined, 1, 150],
    ["2.\u00a0venda_criada", 50, 0.25, 0.25, undefined],
  ]);
  expect(text.tables[1]?.rows).toEqual([
    ["BRL", 150, 45, 0.3],
    ["outros", 50, 5, 0.1],
  ]);
  expect(text.notes).toEqual([
    "3 pessoas ainda podem chegar ao fim: a janela delas não terminou.",
    "9 valores no total; os menores estão em “outros”.",
  ]);
  expect(isEmpty(text)).toBe(false);
});

test("a funnel that nobody entered is empty", () => {
  const steps = ["login_sucesso", "venda_criada"].map((event) => ({ event, actors: "0" }));
  const result = { funnel: { steps, excluded: "0", mayStillConvert: "0", incomplete: false, buckets: [], groups: [] } };
  expect(isEmpty(textOfResult(result, {}, SPEECH))).toBe(true);
});

test("sums of money keep their cents and their currency", () => {
  const points = [{ label: "2026-11-25", value: "90071992547409.93", incomplete: true }];
  const result: Result = {
    series: { points, total: "90071992547409.93", groups: [{ group: { value: "BRL", others: false }, points, total: "90071992547409.93" }] },
  };
  const question = { series: { measure: "SERIES_MEASURE_SUM", breakdown: { property: { name: "moeda" } } } } as const;
  const { facts, tables } = textOfResult(result, question, SPEECH);
  expect(facts).toEqual([{ label: "Total", value: "90071992547409.93", format: "money", currency: "BRL" }]);
  expect(cellText(facts[0]?.value, "money", SPEECH, "BRL")).toBe("R$\u00a090.071.992.547.409,93");
  expect(tables[1]?.rows).toEqual([["25/11 (parcial)", "90071992547409.93"]]);
});

test("pages that are poor come first", () => {
  const row = (page: string, rating: string, count: string) => ({ vital: "LCP", page, count, p50: 1, p75: 2600, p95: 3, rating });
  const rows = [row("/a", "VITAL_RATING_GOOD", "9"), row("/b", "VITAL_RATING_POOR", "1"), row("/c", "VITAL_RATING_NEEDS_IMPROVEMENT", "5")];
  const text = textOfResult({ webVitals: { rows, count: "3", implausible: "0" } } as Result, {}, SPEECH);
  expect(text.tables[0]?.rows.map((each) => each[0])).toEqual(["/b", "/c", "/a"]);
  expect(text.tables[0]?.rows[0]?.[3]).toBe("2,6 s");
});

test("a report that is not known is a plain table", () => {
  const result = { novelty: { total: "7", scope: { days: 3 }, rows: [{ name: "a", inner: { value: 1 } }, { name: "b", flag: true }] } };
  const { tables } = textOfResult(result as unknown as Result, {}, SPEECH);
  expect(tables[0]?.rows).toEqual([
    ["total", "7"],
    ["scope.days", 3],
  ]);
  expect(tables[1]?.columns.map((each) => each.title)).toEqual(["name", "inner.value", "flag"]);
  expect(tables[1]?.rows).toEqual([
    ["a", 1, undefined],
    ["b", undefined, "true"],
  ]);
});

test("a model that says nothing says why", () => {
  const churn = { historyDays: 3, trainedOn: "0", validatedOn: "0", scored: "0", sampled: false, people: [], silence: "there are too few" };
  const text = textOfResult({ churn }, {}, SPEECH);
  expect(text.notes).toEqual(["Sem resultado: there are too few."]);
  expect(isEmpty(text)).toBe(false);
});

test("changes are told as people tell them", () => {
  const fact = (value: number, format: "share" | "count") => ({ label: "", value, format });
  expect(changeText(fact(0.123, "share"), fact(0.11, "share"), SPEECH)).toBe("+1,3 p.p.");
  expect(changeText(fact(120, "count"), fact(100, "count"), SPEECH)).toBe("+20%");
  expect(changeText(fact(120, "count"), fact(0, "count"), SPEECH)).toBeUndefined();
  // Hardly above zero is not zero.
  expect(pointsText(0.0004, SPEECH)).toBe("+0,04 p.p.");
});

test("buckets are written as they are in their own zone", () => {
  expect(dateText("2026-11-25T14:00-03:00", SPEECH)).toBe("25/11 14:00");
  expect(bucketName("2026-11-25", true, SPEECH)).toBe("25/11 (parcial)");
});
