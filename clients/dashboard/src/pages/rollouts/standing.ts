/** How a plan stands: its stages, its soak, and what may be done to it; pure. */
import type { Reading, RolloutRecord, RolloutState, Stage } from "./types";

/** Where a stage is on the way. */
export type Standing = "done" | "current" | "next" | "later";

/** Returns how a stage stands; stages are counted from 1. */
export function standingOf(record: RolloutRecord, number: number): Standing {
  if (record.state === "ROLLOUT_STATE_COMPLETED" || number < record.stage) return "done";
  if (number === record.stage) return "current";
  return number === record.stage + 1 ? "next" : "later";
}

/** Returns the seconds of a duration of the contracts, such as "172800s"; none is 0. */
export function secondsOf(duration: string | undefined): number {
  const seconds = Number.parseFloat(duration ?? "");
  return Number.isFinite(seconds) ? seconds : 0;
}

/** A soak that goes on, in seconds. */
export interface Soak {
  readonly length: number;
  readonly left: number;
}

const SOAKING: readonly RolloutState[] = ["ROLLOUT_STATE_RUNNING", "ROLLOUT_STATE_WAITING_FOR_APPROVAL"];

/** Returns the soak of the present stage; undefined when its time does not run now. */
export function soakOf(record: RolloutRecord, now: Date): Soak | undefined {
  const stage = record.plan?.stages[record.stage - 1];
  const since = record.soakingSince ?? record.stageSince;
  if (stage === undefined || since === undefined || !SOAKING.includes(record.state)) return undefined;
  const length = secondsOf(stage.soak);
  const soaked = (now.getTime() - new Date(since).getTime()) / 1000;
  return { length, left: Math.min(length, Math.max(0, length - soaked)) };
}

/** What a person may do to a plan. */
export type Deed = "start" | "edit" | "delete" | "approve" | "step" | "pause" | "resume" | "rollBack";

const DEEDS: Readonly<Record<RolloutState, readonly Deed[]>> = {
  ROLLOUT_STATE_UNSPECIFIED: [],
  ROLLOUT_STATE_DRAFT: ["start", "approve", "edit", "delete"],
  ROLLOUT_STATE_RUNNING: ["approve", "step", "pause", "rollBack"],
  ROLLOUT_STATE_WAITING_FOR_APPROVAL: ["approve", "pause", "rollBack"],
  ROLLOUT_STATE_HELD: ["resume", "pause", "rollBack"],
  ROLLOUT_STATE_PAUSED: ["resume", "step", "rollBack"],
  ROLLOUT_STATE_BREACHED: ["resume", "rollBack"],
  ROLLOUT_STATE_ROLLED_BACK: ["resume"],
  ROLLOUT_STATE_COMPLETED: [],
};

/** Returns what may be done now, in the order of buttons. */
export function deedsOf(record: RolloutRecord): Deed[] {
  return DEEDS[record.state].filter((each) => each !== "approve" || approvable(record) !== undefined);
}

/** Returns the next stage that waits, or will wait, for approval: the present one's successor only. */
export function approvable(record: RolloutRecord): number | undefined {
  const number = record.stage + 1;
  const stage = record.plan?.stages[number - 1];
  return stage?.needsApproval === true && record.approvedStage < number ? number : undefined;
}

/** Whether a stage waits for nobody any more. */
export function isApproved(record: RolloutRecord, number: number): boolean {
  return record.approvedStage >= number || standingOf(record, number) === "done" || record.stage === number;
}

/** Returns the reading that is closest to its limit; undefined when nothing is judged. */
export function closestOf(readings: readonly Reading[]): Reading | undefined {
  const judged = readings.filter((each) => each.distance !== undefined);
  return judged.reduce<Reading | undefined>(
    (least, each) => (least === undefined || (each.distance ?? 1) < (least.distance ?? 1) ? each : least),
    undefined,
  );
}

/** For whom a stage is. */
export type AudienceKind = "everybody" | "segment" | "ring" | "targeting";

/** Returns for whom a stage is, and the segment that says it. */
export function audienceOf(stage: Stage): { kind: AudienceKind; segment: string } {
  const { audience } = stage;
  if (audience?.segmentKey !== undefined) return { kind: "segment", segment: audience.segmentKey };
  if (audience?.ring !== undefined) return { kind: "ring", segment: audience.ring.segmentKey };
  if (audience?.targeting !== undefined) return { kind: "targeting", segment: "" };
  return { kind: "everybody", segment: "" };
}
