import { expect, test } from "vitest";
import { addressWith, questionOfText, scopeOfText, textOf } from "./address";
import type { Question } from "./question";
import { finished, reportOf } from "./reading";
import { FIRST, SHAPES } from "./shape";
import { KINDS } from "./question";

const FUNNEL: Question = {
  scope: {
    last: { count: 7, unit: "CALENDAR_UNIT_DAY" },
    filters: [{ property: { name: "device", origin: "PROPERTY_ORIGIN_CONTEXT" }, operator: "FILTER_OPERATOR_IS", values: ["móvel"] }],
    compare: true,
    cohorts: [{ cohortId: "c-1", outside: true }],
  },
  funnel: {
    steps: [{ event: "login_sucesso" }, { event: "venda_criada" }],
    window: "3600s",
    exclusions: [{ event: { event: "logout" }, after: 1, before: 2 }],
    breakdown: { property: { name: "moeda" }, limit: 5 },
    strictOrder: true,
  },
};

test("a question is the same after it stood in an address", () => {
  expect(questionOfText(textOf(FUNNEL))).toEqual(FUNNEL);
});

test("what every form begins with stands in an address as well", () => {
  for (const kind of KINDS) {
    const question = { scope: {}, [kind]: reportOf(kind, FIRST[kind]) };
    expect(questionOfText(textOf(question)), kind).toEqual(question);
    expect(SHAPES[kind].length, kind).toBeGreaterThan(0);
  }
});

test("nothing that somebody writes into an address breaks a page", () => {
  for (const text of [null, "", "{", "null", "[]", "7", '"funnel"', "{}", '{"other":{}}', '{"scope":{"last":7}}']) {
    expect(questionOfText(text), String(text)).toBeUndefined();
  }
  const text = '{"scope":{"filters":"x","start":"never","end":7,"timeZone":"Nowhere/At_All"},"funnel":{"steps":[7,{"event":{}}],"window":"-1s","strictOrder":"yes"}}';
  expect(questionOfText(text)).toEqual({ scope: {}, funnel: { steps: [{ event: "" }, { event: "" }] } });
});

test("a tenant is not taken from a question: it stands in the address of every page", () => {
  expect(scopeOfText('{"tenant":"acme","compare":true}')).toEqual({ compare: true });
});

test("what is not finished is not asked", () => {
  const question: Question = {
    scope: { filters: [{ property: { name: "" }, operator: "FILTER_OPERATOR_IS", values: [] }] },
    topValues: { selection: { event: "erro_frontend" }, properties: [{ name: "tipo" }, { name: "" }] },
  };
  const asked = finished(question);
  expect(asked.scope?.filters).toEqual([]);
  expect(asked.topValues?.selection).toEqual({ event: "erro_frontend" });
});

test("a step without a name is asked as it is, so that the answer says which it is", () => {
  const question: Question = { scope: {}, funnel: { steps: [{ event: "a" }, { event: "" }] } };
  expect(finished(question).funnel?.steps).toHaveLength(2);
});

test("one parameter of an address changes, the others stay", () => {
  expect(addressWith("/analises", "env=production&v=1", "q", "é")).toBe("/analises?env=production&v=1&q=%C3%A9");
  expect(addressWith("/analises", "env=production&v=1", "v", undefined)).toBe("/analises?env=production");
});
