import { expect, test } from "vitest";
import { cellOf, csvOf } from "./rows";

test("cells are text, and NULL is none", () => {
  expect(cellOf({ stringValue: "" })).toBe("");
  expect(cellOf({ intValue: "9007199254740993" })).toBe("9007199254740993");
  expect(cellOf({})).toBeUndefined();
});

test("a file says what the table says, and no spreadsheet runs it", () => {
  expect(csvOf(["a", "b"], [["x,\"y\"", undefined], ["=1+1", "-5.2"]])).toBe('a,b\r\n"x,""y""",\r\n\'=1+1,-5.2\r\n');
});
