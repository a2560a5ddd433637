import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Throttle } from "./throttle";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("the first call is at once, those soon after it become one, and the last one is never lost", () => {
  const run = vi.fn();
  const throttle = new Throttle(400, run, () => Date.now());
  throttle.ask();
  expect(run).toHaveBeenCalledTimes(1);
  throttle.ask();
  throttle.ask();
  vi.advanceTimersByTime(399);
  expect(run).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1);
  expect(run).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(1000);
  throttle.ask();
  expect(run).toHaveBeenCalledTimes(3);
});

test("a cancelled call does not come", () => {
  const run = vi.fn();
  const throttle = new Throttle(400, run, () => Date.now());
  throttle.ask();
  throttle.ask();
  throttle.cancel();
  vi.runAllTimers();
  expect(run).toHaveBeenCalledTimes(1);
});
