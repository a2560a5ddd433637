import { expect, test } from "vitest";
import { approvable, closestOf, deedsOf, secondsOf, soakOf, standingOf } from "./standing";
import type { Reading, RolloutRecord, Stage } from "./types";

const NOW = new Date("2026-03-10T12:00:00Z");

function stage(coverage: number, needsApproval = false): Stage {
  return { name: "", coverage, soak: "3600s", minimumSample: "0", needsApproval };
}

function record(changes: Partial<RolloutRecord> = {}): RolloutRecord {
  return {
    id: "1",
    environment: "production",
    plan: {
      flagKey: "f",
      variant: "on",
      baselineVariant: "",
      description: "",
      stages: [stage(10_000), stage(50_000), stage(100_000, true)],
      guards: [],
      bucketBy: "",
      guardrailAlpha: 0,
      origin: "",
    },
    state: "ROLLOUT_STATE_RUNNING",
    holdReason: "HOLD_REASON_UNSPECIFIED",
    reason: "",
    stage: 2,
    stageSince: "2026-03-10T11:00:00Z",
    soakingSince: "2026-03-10T11:45:00Z",
    lastGoodStage: 1,
    step: "2",
    flagVersion: "3",
    approvedStage: 0,
    etag: "e",
    createdBy: "ana",
    updatedBy: "ana",
    events: [],
    ...changes,
  };
}

test("stages before the present one are done, and all of a completed plan", () => {
  expect([1, 2, 3].map((number) => standingOf(record(), number))).toEqual(["done", "current", "next"]);
  expect([1, 2, 3].map((number) => standingOf(record({ stage: 0 }), number))).toEqual(["next", "later", "later"]);
  const completed = record({ state: "ROLLOUT_STATE_COMPLETED", stage: 3 });
  expect([1, 2, 3].map((number) => standingOf(completed, number))).toEqual(["done", "done", "done"]);
});

test("a soak counts from when it was begun anew, and only while its time runs", () => {
  expect(soakOf(record(), NOW)).toEqual({ length: 3600, left: 2700 });
  expect(soakOf(record({ soakingSince: "2026-03-10T08:00:00Z" }), NOW)).toEqual({ length: 3600, left: 0 });
  // A clock of the browser that is behind promises no longer soak than there is.
  expect(soakOf(record({ soakingSince: "2026-03-10T12:10:00Z" }), NOW)).toEqual({ length: 3600, left: 3600 });
  expect(soakOf(record({ state: "ROLLOUT_STATE_PAUSED" }), NOW)).toBeUndefined();
  expect(soakOf(record({ stage: 0 }), NOW)).toBeUndefined();
});

test("the next stage can be approved when it asks for it and was not approved yet", () => {
  expect(approvable(record())).toBe(3);
  expect(deedsOf(record())).toEqual(["approve", "step", "pause", "rollBack"]);
  expect(deedsOf(record({ approvedStage: 3 }))).toEqual(["step", "pause", "rollBack"]);
  expect(deedsOf(record({ stage: 1 }))).toEqual(["step", "pause", "rollBack"]);
  expect(deedsOf(record({ state: "ROLLOUT_STATE_COMPLETED" }))).toEqual([]);
});

test("the closest guard is the one with the least distance among those that are judged", () => {
  const reading = (guard: string, distance?: number): Reading => ({
    guard,
    state: "GUARD_STATE_CLEAR",
    sample: "10",
    ...(distance === undefined ? {} : { distance }),
  });
  expect(closestOf([reading("a", 0.8), reading("b"), reading("c", 0.3)])?.guard).toBe("c");
  expect(closestOf([reading("b")])).toBeUndefined();
});

test("durations are seconds", () => {
  expect(["172800s", "1.5s", undefined, ""].map(secondsOf)).toEqual([172_800, 1.5, 0, 0]);
});
