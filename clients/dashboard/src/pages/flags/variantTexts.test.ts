import { expect, test } from "vitest";
import { readAs, typedOf } from "./variantTexts";

test("values are read as the type has them, and nothing else is taken", () => {
  expect(readAs(" oi ", "FLAG_TYPE_STRING")).toEqual({ stringValue: " oi " });
  expect(readAs("42", "FLAG_TYPE_INTEGER")).toEqual({ intValue: "42" });
  expect(readAs("4.2", "FLAG_TYPE_INTEGER")).toBeUndefined();
  expect(readAs("4.5", "FLAG_TYPE_DOUBLE")).toEqual({ doubleValue: 4.5 });
  expect(readAs("4", "FLAG_TYPE_DOUBLE")).toEqual({ doubleValue: 4 });
  expect(readAs("4,5", "FLAG_TYPE_DOUBLE")).toBeUndefined();
  expect(readAs('{"a": [1]}', "FLAG_TYPE_JSON")?.mapValue).toBeDefined();
  expect(readAs("12", "FLAG_TYPE_JSON")).toBeUndefined();
  expect(readAs("{", "FLAG_TYPE_JSON")).toBeUndefined();
});

test("what is typed is read back as it was", () => {
  const value = { mapValue: { fields: { a: { listValue: { values: [{ intValue: "9007199254740991" }, {}] } } } } };
  expect(readAs(typedOf(value, "FLAG_TYPE_JSON"), "FLAG_TYPE_JSON")).toEqual(value);
  expect(typedOf({ stringValue: "42" }, "FLAG_TYPE_STRING")).toBe("42");
});
