import { expect, test } from "vitest";
import { fieldsOfJson, jsonOf, prettyJsonOf, valueOfJson, valueOfWord, wordOf } from "./values";

test("words are read as they look, and quotes make strings of them", () => {
  expect(valueOfWord("premium")).toEqual({ stringValue: "premium" });
  expect(valueOfWord("true")).toEqual({ boolValue: true });
  expect(valueOfWord("007")).toEqual({ intValue: "7" });
  expect(valueOfWord("-1.50")).toEqual({ doubleValue: -1.5 });
  expect(valueOfWord('"42"')).toEqual({ stringValue: "42" });
  expect(valueOfWord('"')).toEqual({ stringValue: '"' });
  expect(valueOfWord("-7d")).toEqual({ stringValue: "-7d" });
});

test("what is written as a word is read back as it was", () => {
  const values = ["42", "true", "1.5", '"quoted"', "", "Sul", "a, b"].map((stringValue) => ({ stringValue }));
  for (const value of [...values, { boolValue: false }, { intValue: "9223372036" }, { doubleValue: 2.25 }]) {
    expect(valueOfWord(wordOf(value)), wordOf(value)).toEqual(value);
  }
});

test("JSON becomes values and back, and large integers keep their digits", () => {
  const json = { plano: "premium", itens: [1, 2.5, true, null], fundo: { a: "b" } };
  const value = valueOfJson(json);
  expect(JSON.parse(jsonOf(value))).toEqual(json);
  expect(JSON.parse(prettyJsonOf(value))).toEqual(json);
  expect(jsonOf({ intValue: "9223372036854775807" })).toBe("9223372036854775807");
  expect(() => fieldsOfJson({ id: 2 ** 60 })).toThrow(RangeError);
});
