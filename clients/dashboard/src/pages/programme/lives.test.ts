import { expect, test } from "vitest";
import { evaluatedWithin, exposuresOf, type Life, narrowed, stageOf, stageRank, STAGES, untouchedDays } from "./lives";

const NOW = new Date("2026-03-10T12:00:00Z");

function life(rest: Partial<Life> = {}): Life {
  return {
    flagKey: "nova_ui",
    stage: "FLAG_STAGE_FULLY_ON",
    servedToAll: "on",
    owner: "",
    variants: [],
    experiments: [],
    rolloutId: "",
    ...rest,
  };
}

test("stages are sorted in the order of a life, what is not known last", () => {
  expect(stageOf(life({ stage: "FLAG_STAGE_IN_EXPERIMENT" }))).toBe("inExperiment");
  expect(stageRank(life({ stage: "FLAG_STAGE_OFF" }))).toBe(0);
  expect(stageRank(life({ stage: "FLAG_STAGE_UNSPECIFIED" }))).toBe(STAGES.length);
});

test("days without a change are whole ones, and none is said of a time that is not known", () => {
  expect(untouchedDays(life({ updatedAt: "2026-03-08T12:00:01Z" }), NOW)).toBe(1);
  expect(untouchedDays(life({ updatedAt: "2026-03-08T12:00:00Z" }), NOW)).toBe(2);
  expect(untouchedDays(life({ updatedAt: "2026-03-10T12:00:05Z" }), NOW)).toBe(0);
  expect(untouchedDays(life(), NOW)).toBeUndefined();
});

test("a flag was evaluated lately up to the end of the last day, and never without a record", () => {
  expect(evaluatedWithin(life({ lastEvaluatedAt: "2026-03-03T12:00:00Z" }), 7, NOW)).toBe(true);
  expect(evaluatedWithin(life({ lastEvaluatedAt: "2026-03-03T11:59:59Z" }), 7, NOW)).toBe(false);
  expect(evaluatedWithin(life(), 7, NOW)).toBe(false);
});

test("exposures are added up exactly", () => {
  const variants = ["9007199254740993", "2"].map((exposures) => ({ variant: "on", exposures, people: "1", share: 0.5 }));
  expect(exposuresOf(life({ variants }))).toBe(9007199254740995n);
  expect(exposuresOf(life())).toBe(0n);
});

test("nobody is called never evaluated while exposures are not known", () => {
  const stale = life({ stage: "FLAG_STAGE_STALE", lastEvaluatedAt: "2026-03-03T12:00:00Z" });
  const lives = [life(), stale];
  expect(narrowed(lives, "all", true)).toEqual(lives);
  expect(narrowed(lives, "stale", false)).toEqual([stale]);
  expect(narrowed(lives, "never", true)).toEqual([life()]);
  expect(narrowed(lives, "never", false)).toEqual([]);
});
