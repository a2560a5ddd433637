import { expect, test } from "vitest";
import { speechOf } from "../../i18n/language";
import { texts as PORTUGUESE } from "../../i18n/pt";
import { changedFields, changesOf, merged, same } from "./changes";
import { exampleCondition, exampleFlag } from "./example";

const pt = speechOf("pt-BR", PORTUGUESE);
const rule = (id: string, variant: string) => ({ id, description: "", conditions: [exampleCondition()], serve: { variant } });

test("members may stand in any order, and those that are undefined do not count", () => {
  expect(same({ a: [1, { b: 2 }], c: undefined }, { a: [1, { b: 2 }] })).toBe(true);
  expect(same({ a: [1, 2] }, { a: [2, 1] })).toBe(false);
  expect(same({ a: null }, { a: {} })).toBe(false);
});

test("differences are told in words, by what they are of", () => {
  const before = exampleFlag({ rules: [rule("a", "on"), rule("b", "on")], tags: ["ui"] });
  const after = exampleFlag({ rules: [rule("b", "on"), rule("a", "off")], tags: ["ui", "vendas"], on: false });
  expect(changesOf(before, after, pt)).toEqual([
    { label: "Estado", before: "Ligada", after: "Desligada" },
    { label: "Regra a", before: "se plano é premium → on", after: "se plano é premium → off" },
    { label: "Ordem das regras", before: "a, b", after: "b, a" },
    { label: "Tags", before: "ui", after: "ui, vendas" },
  ]);
});

test("what was added or taken away has an empty side, and moves nothing else", () => {
  const changes = changesOf(exampleFlag({ rules: [rule("a", "on")] }), exampleFlag({ rules: [rule("z", "on"), rule("a", "on")] }), pt);
  expect(changes).toEqual([{ label: "Regra z", before: "", after: "se plano é premium → on" }]);
});

test("changes of different fields go together, whoever made them", () => {
  const base = exampleFlag();
  const mine = exampleFlag({ description: "minha", startsAt: "2025-11-25T00:00:00Z" });
  const theirs = exampleFlag({ on: false, version: "4" });
  const { flag, contested } = merged(base, mine, theirs);
  expect(contested).toEqual([]);
  expect(flag).toEqual({ ...theirs, description: "minha", startsAt: "2025-11-25T00:00:00Z" });
});

test("a field that both changed is contested and stays theirs, unless both did the same", () => {
  const base = exampleFlag({ endsAt: "2025-11-25T00:00:00Z" });
  const mine = exampleFlag({ description: "minha", owner: "time" });
  const theirs = exampleFlag({ description: "deles", owner: "time" });
  const { flag, contested } = merged(base, mine, theirs);
  expect(contested).toEqual(["description"]);
  expect(flag.description).toBe("deles");
  expect(changedFields(flag, theirs)).toEqual([]);
});
