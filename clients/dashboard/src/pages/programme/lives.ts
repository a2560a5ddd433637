/** Flags in their life, as the page counts and sorts them; pure. */
import type { Message } from "../../api/methods";

export type Life = Message<"FlagLifecycle">;
export type StageCounts = Message<"StageCounts">;

/** A stage, by its name in `StageCounts`. */
export type StageName = keyof StageCounts;

/** All stages, in the order of a life. */
export const STAGES: readonly StageName[] = ["off", "rollingOut", "inExperiment", "fullyOn", "stale", "killed"];

const NAMES: Readonly<Record<Life["stage"], StageName | "unspecified">> = {
  FLAG_STAGE_UNSPECIFIED: "unspecified",
  FLAG_STAGE_KILLED: "killed",
  FLAG_STAGE_OFF: "off",
  FLAG_STAGE_IN_EXPERIMENT: "inExperiment",
  FLAG_STAGE_ROLLING_OUT: "rollingOut",
  FLAG_STAGE_STALE: "stale",
  FLAG_STAGE_FULLY_ON: "fullyOn",
};

const DAY_MS = 86_400_000;

/** Returns the name of a flag's stage. */
export function stageOf(life: Life): StageName | "unspecified" {
  return NAMES[life.stage];
}

/** Returns where a flag stands in the order of a life, to sort by. */
export function stageRank(life: Life): number {
  const name = stageOf(life);
  return name === "unspecified" ? STAGES.length : STAGES.indexOf(name);
}

/** Returns for how many whole days nobody has changed a flag; undefined when that is not said. */
export function untouchedDays(life: Life, now: Date): number | undefined {
  if (life.updatedAt === undefined) return undefined;
  return Math.max(0, Math.floor((now.getTime() - new Date(life.updatedAt).getTime()) / DAY_MS));
}

/** Whether anybody evaluated a flag in the last so many days, as far as clients recorded it. */
export function evaluatedWithin(life: Life, days: number, now: Date): boolean {
  if (life.lastEvaluatedAt === undefined) return false;
  return now.getTime() - new Date(life.lastEvaluatedAt).getTime() <= days * DAY_MS;
}

/** Returns all exposures of a flag. They can be more than a number holds exactly. */
export function exposuresOf(life: Life): bigint {
  return life.variants.reduce((sum, each) => sum + BigInt(each.exposures), 0n);
}

/** What a table of lives can be narrowed to. */
export const FILTERS = ["all", "stale", "never"] as const;

/** One of them. */
export type Filter = (typeof FILTERS)[number];

/**
 * Returns those flags that a filter leaves.
 *
 * @param known - whether exposures are known; if not, nobody can say which flags were never evaluated
 */
export function narrowed(lives: readonly Life[], filter: Filter, known: boolean): readonly Life[] {
  if (filter === "stale") return lives.filter((life) => stageOf(life) === "stale");
  if (filter === "never") return known ? lives.filter((life) => life.lastEvaluatedAt === undefined) : [];
  return lives;
}
