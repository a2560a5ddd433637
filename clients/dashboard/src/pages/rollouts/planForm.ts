/** Plans as people write them; pure. */
import type { Message } from "../../api/methods";
import { type AudienceKind, secondsOf } from "./standing";
import type { Plan, Stage } from "./types";

/** Out of 100,000. */
const TENTH = 10_000;
const WHOLE = 100_000;

/** Returns a plan without stages and guards, which take those of a template. */
export function emptyPlan(flagKey: string, variant: string): Plan {
  return {
    flagKey,
    variant,
    baselineVariant: "",
    description: "",
    stages: [],
    guards: [],
    bucketBy: "",
    guardrailAlpha: 0,
    origin: "",
  };
}

/** Returns a stage to come after others: twice as many as the last one has, at most everybody. */
export function nextStage(stages: readonly Stage[]): Stage {
  const coverage = Math.min(WHOLE, (stages.at(-1)?.coverage ?? TENTH / 2) * 2);
  return { name: "", coverage, soak: "86400s", minimumSample: "0", needsApproval: false };
}

/** Returns a stage for somebody else. */
export function withAudience(stage: Stage, kind: AudienceKind, segment: string): Stage {
  const { name, coverage, soak, minimumSample, needsApproval } = stage;
  const rest = { name, coverage, minimumSample, needsApproval, ...(soak === undefined ? {} : { soak }) };
  if (kind === "segment") return { ...rest, audience: { segmentKey: segment } };
  if (kind === "ring") return { ...rest, audience: { ring: { segmentKey: segment } } };
  return kind === "targeting" ? stage : rest;
}

/** Returns how long all stages soak, in seconds: the shortest time that the plan takes. */
export function lengthOf(stages: readonly Stage[]): number {
  return stages.reduce((sum, stage) => sum + secondsOf(stage.soak), 0);
}

/** Returns the variant that people usually mean to roll out: the first that is not served when the flag is off. */
export function usualVariant(flag: Message<"Flag">): string {
  return flag.variants.find((each) => each.name !== flag.offVariant)?.name ?? flag.offVariant;
}

/** Returns whole people as the contract has them; what is no number is none. */
export function sampleOf(text: string): string {
  return /^\d{1,6}$/.test(text.trim()) ? String(Number(text)) : "0";
}
