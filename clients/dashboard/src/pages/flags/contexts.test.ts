import { expect, test } from "vitest";
import { contextOf, contextOfJson } from "./contexts";

test("fields become a context, without those that are empty", () => {
  const attributes = [
    { name: "plano", word: "premium" },
    { name: "beta", word: "true" },
    { name: "", word: "x" },
    { name: "vazio", word: " " },
  ];
  expect(contextOf({ targetingKey: " u1 ", attributes })).toEqual({
    targetingKey: "u1",
    attributes: { plano: { stringValue: "premium" }, beta: { boolValue: true } },
  });
});

test("JSON becomes a context, and its targeting_key is taken out", () => {
  expect(contextOfJson('{"targeting_key": "u1", "idade": 30}')).toEqual({
    targetingKey: "u1",
    attributes: { idade: { intValue: "30" } },
  });
  for (const text of ["", "[]", "null", "{", '{"n": 1152921504606846976}']) expect(contextOfJson(text), text).toBeUndefined();
});
