import { expect, test } from "vitest";
import type { Plan } from "../types";
import { rangeOf, sizedAs } from "./sizing";

const PLAN: Plan = {
  population: "activity",
  unitsPerDay: 200,
  guardrails: [],
  unitsPerArm: "1000",
  days: 12,
  power: 0.8,
  warnings: [],
  detectable: [
    { days: 7, unitsPerArm: "600", effect: 0.04, lift: 0.4 },
    { days: 14, unitsPerArm: "1200", effect: 0.0283, lift: 0.283 },
    { days: 28, unitsPerArm: "2400", effect: 0.02, lift: 0.2 },
  ],
};

test("four times as many units find half the effect", () => {
  expect(sizedAs(PLAN, 600).effect).toBeCloseTo(0.04, 3);
  expect(sizedAs(PLAN, 2400)).toMatchObject({ effect: 0.02, lift: 0.2, days: 28 });
  expect(sizedAs(PLAN, 9600).effect).toBeCloseTo(0.01);
});

test("days lie between those that the plan names, and go on after them", () => {
  expect(sizedAs(PLAN, 900).days).toBe(11);
  expect(sizedAs(PLAN, 1000).days).toBe(12);
  expect(sizedAs(PLAN, 4800).days).toBe(56);
  expect(sizedAs(PLAN, 300).days).toBe(4);
});

test("where nobody ever comes, nothing is promised", () => {
  const empty = { ...PLAN, unitsPerArm: "0", days: 0, detectable: [{ days: 7, unitsPerArm: "0" }, { days: 14, unitsPerArm: "0" }] };
  expect(sizedAs(empty, 500)).toEqual({ units: 500, days: undefined, effect: undefined, lift: undefined });
  expect(sizedAs({ ...empty, detectable: [] }, 500).days).toBeUndefined();
});

test("the slider goes in round steps as far as the longest time or the chosen size", () => {
  expect(rangeOf(PLAN, 0)).toEqual({ from: 20, to: 2400, step: 20 });
  expect(rangeOf(PLAN, 50_000)).toEqual({ from: 500, to: 50_000, step: 500 });
});
