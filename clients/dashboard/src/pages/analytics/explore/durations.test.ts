import { expect, test } from "vitest";
import { amountOf, secondsOf } from "./durations";

test("a length is told in the largest unit of which it is whole", () => {
  expect(amountOf("604800s")).toEqual({ amount: 7, unit: 86_400 });
  expect(amountOf("90s")).toEqual({ amount: 90, unit: 1 });
  expect(amountOf("5400s")).toEqual({ amount: 90, unit: 60 });
  expect(amountOf(undefined)).toEqual({ amount: undefined, unit: 86_400 });
});

test("what is no length is none", () => {
  expect(secondsOf("2", 3600)).toBe("7200s");
  for (const nothing of ["", "0", "-1", "x"]) expect(secondsOf(nothing, 60)).toBeUndefined();
});
