/** What may be done to an experiment, and for how long it has run; pure. */
import type { ExperimentRecord, ExperimentState } from "./types";

const DAY_MS = 86_400_000;

/** What a person may do. */
export type Deed = "start" | "edit" | "pause" | "resume" | "allocate" | "stop" | "decide" | "archive";

const DEEDS: Readonly<Record<ExperimentState, readonly Deed[]>> = {
  EXPERIMENT_STATE_UNSPECIFIED: [],
  EXPERIMENT_STATE_DRAFT: ["start", "edit", "archive"],
  EXPERIMENT_STATE_RUNNING: ["decide", "pause", "allocate", "stop"],
  EXPERIMENT_STATE_PAUSED: ["decide", "resume", "stop"],
  EXPERIMENT_STATE_STOPPED: ["decide", "archive"],
  EXPERIMENT_STATE_DECIDED: ["archive"],
  EXPERIMENT_STATE_ARCHIVED: [],
};

/** Returns what may be done now, in the order of buttons. */
export function deedsOf(state: ExperimentState): readonly Deed[] {
  return DEEDS[state];
}

/** Whether there are results that may still change. */
export function isLive(state: ExperimentState): boolean {
  return ["EXPERIMENT_STATE_RUNNING", "EXPERIMENT_STATE_PAUSED", "EXPERIMENT_STATE_STOPPED"].includes(state);
}

/** Returns the full days from the start to the end or to now; undefined before the start. */
export function daysOf({ startedAt, stoppedAt }: ExperimentRecord, now: Date): number | undefined {
  if (startedAt === undefined) return undefined;
  const end = stoppedAt === undefined ? now : new Date(stoppedAt);
  return Math.max(0, Math.floor((end.getTime() - new Date(startedAt).getTime()) / DAY_MS));
}
