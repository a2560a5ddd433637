import { expect, test } from "vitest";
import { lengthOf, nextStage, sampleOf, withAudience } from "./planForm";

test("stages double until everybody is reached", () => {
  const first = nextStage([]);
  const stages = [first, nextStage([first])];
  expect(stages.map((each) => each.coverage)).toEqual([10_000, 20_000]);
  expect(nextStage([{ ...first, coverage: 60_000 }]).coverage).toBe(100_000);
  expect(lengthOf(stages)).toBe(2 * 86_400);
});

test("a stage is for one audience at a time", () => {
  const ring = withAudience(nextStage([]), "ring", "beta");
  expect(ring.audience).toEqual({ ring: { segmentKey: "beta" } });
  expect(withAudience(ring, "segment", "beta").audience).toEqual({ segmentKey: "beta" });
  expect(withAudience(ring, "everybody", "")).toEqual(nextStage([]));
});

test("what is no whole number asks for nobody", () => {
  expect(["", "12", " 007 ", "1,5", "-3"].map(sampleOf)).toEqual(["0", "12", "7", "0", "0"]);
});
