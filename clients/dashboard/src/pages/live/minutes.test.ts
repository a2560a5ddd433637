import { expect, test } from "vitest";
import { blocks, merged, MINUTE_MS } from "./minutes";

const START = Date.UTC(2025, 10, 25, 12, 0);
const at = (minute: number) => new Date(START + minute * MINUTE_MS).toISOString();
const series = (minute: number, ...values: string[]) => ({ startTime: at(minute), values });

test("what arrives replaces the series from its first minute on", () => {
  const first = merged(undefined, series(0, "1", "2", ""));
  expect(first).toEqual({ start: START, values: [1, 2, null] });
  expect(merged(first, series(2, "3", "4")).values).toEqual([1, 2, 3, 4]);
  expect(merged(first, series(1, "9")).values).toEqual([1, 9]);
});

test("minutes that nobody told of have no number", () => {
  const first = merged(undefined, series(0, "1"));
  expect(merged(first, series(3, "5")).values).toEqual([1, null, null, 5]);
});

test("a day is kept, also after a long absence", () => {
  const day = merged(undefined, series(0, ...Array.from({ length: 1440 }, String)));
  const next = merged(day, series(1440, "7"));
  expect(next.values).toHaveLength(1440);
  expect(next.start).toBe(START + MINUTE_MS);
  const later = merged(day, series(90_000, "8"));
  expect(later.values).toHaveLength(1440);
  expect(later.values.at(-1)).toBe(8);
  expect(later.start + later.values.length * MINUTE_MS).toBe(START + 90_001 * MINUTE_MS);
});

test("a whole frame replaces everything", () => {
  const first = merged(undefined, series(5, "1", "2"));
  expect(merged(first, series(0, "3"))).toEqual({ start: START, values: [3] });
});

test("a series without a time changes nothing", () => {
  const first = merged(undefined, series(0, "1"));
  expect(merged(first, { values: ["2"] })).toBe(first);
});

test("blocks begin at round times, and hold the mean of whole minutes or the last number", () => {
  const minutes = merged(undefined, series(3, "1", "2", "3", "4", "", "6", "7"));
  expect(blocks(minutes, 60, 1, "mean")).toHaveLength(7);
  expect(blocks(minutes, 60, 5, "last")).toEqual([
    { x: START, y: 2 },
    { x: START + 5 * MINUTE_MS, y: 7 },
  ]);
  const withNext = merged(minutes, series(10, "100"));
  expect(blocks(withNext, 60, 5, "mean")).toEqual([
    { x: START, y: 1.5 },
    { x: START + 5 * MINUTE_MS, y: 5 },
  ]);
});

test("a block that the window cuts is left out of means", () => {
  const minutes = merged(undefined, series(0, ...Array.from({ length: 20 }, () => "1")));
  expect(blocks(minutes, 12, 5, "mean").map((block) => (block.x - START) / MINUTE_MS)).toEqual([10, 15]);
});

test("a block without numbers has none", () => {
  expect(blocks(merged(undefined, series(0, "", "")), 60, 5, "last")).toEqual([{ x: START, y: null }]);
});
