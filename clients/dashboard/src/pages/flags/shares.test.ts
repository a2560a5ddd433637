import { expect, test } from "vitest";
import { equalWeights, percentOf, weightOf, WHOLE, withWeight } from "./shares";

const sum = (weights: readonly number[]) => weights.reduce((total, each) => total + each, 0);

test("of two the other one takes the rest", () => {
  expect(withWeight([80_000, 20_000], 0, 60_000)).toEqual([60_000, 40_000]);
  expect(withWeight([80_000, 20_000], 1, 33_333)).toEqual([66_667, 33_333]);
});

test("weights entered from top to bottom stay as entered", () => {
  let weights = equalWeights(3);
  expect(weights).toEqual([33_334, 33_333, 33_333]);
  weights = withWeight(weights, 0, 50_000);
  expect(weights).toEqual([50_000, 25_000, 25_000]);
  weights = withWeight(weights, 1, 30_000);
  expect(weights).toEqual([50_000, 30_000, 20_000]);
});

test("without room those above give way, the nearest first", () => {
  expect(withWeight([50_000, 30_000, 20_000], 2, 60_000)).toEqual([40_000, 0, 60_000]);
  expect(withWeight([50_000, 30_000, 20_000], 1, 70_000)).toEqual([30_000, 70_000, 0]);
});

test("whatever is entered, weights are integers that sum to the whole", () => {
  for (const count of [1, 2, 3, 7]) {
    let weights = equalWeights(count);
    for (let step = 0; step < 200; step += 1) {
      weights = withWeight(weights, step % count, (step * 7919.37) % 120_000);
      expect(sum(weights)).toBe(WHOLE);
      expect(weights.every((each) => Number.isInteger(each) && each >= 0)).toBe(true);
    }
  }
});

test("percentages are read with comma or point, to a thousandth", () => {
  expect(weightOf("12,5")).toBe(12_500);
  expect(weightOf("0.001 %")).toBe(1);
  expect(weightOf("100")).toBe(WHOLE);
  for (const text of ["", "100.001", "-1", "1.2345", "abc"]) expect(weightOf(text), text).toBeUndefined();
  expect(percentOf(33_333)).toBe("33.333");
  expect(weightOf(percentOf(33_333))).toBe(33_333);
});
