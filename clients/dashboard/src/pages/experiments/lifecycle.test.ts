import { expect, test } from "vitest";
import { daysOf, deedsOf, isLive } from "./lifecycle";
import type { ExperimentRecord } from "./types";

const NOW = new Date("2026-03-10T12:00:00Z");

function record(changes: Partial<ExperimentRecord>): ExperimentRecord {
  return {
    state: "EXPERIMENT_STATE_RUNNING",
    version: "1",
    etag: "e",
    updatedBy: "ana",
    phases: [],
    pauses: [],
    ...changes,
  };
}

test("days are full ones, up to the end", () => {
  expect(daysOf(record({}), NOW)).toBeUndefined();
  expect(daysOf(record({ startedAt: "2026-03-08T13:00:00Z" }), NOW)).toBe(1);
  expect(daysOf(record({ startedAt: "2026-03-01T12:00:00Z", stoppedAt: "2026-03-04T12:00:00Z" }), NOW)).toBe(3);
  expect(daysOf(record({ startedAt: "2026-03-11T12:00:00Z" }), NOW)).toBe(0);
});

test("only what has begun is decided, and what is decided is live no more", () => {
  expect(deedsOf("EXPERIMENT_STATE_DRAFT")).not.toContain("decide");
  expect(deedsOf("EXPERIMENT_STATE_STOPPED")).toEqual(["decide", "archive"]);
  expect(deedsOf("EXPERIMENT_STATE_ARCHIVED")).toEqual([]);
  expect([isLive("EXPERIMENT_STATE_STOPPED"), isLive("EXPERIMENT_STATE_DECIDED")]).toEqual([true, false]);
});
