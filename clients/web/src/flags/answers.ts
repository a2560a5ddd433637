import type { components } from "../contract.js";
import { isRecord, type JsonValue } from "../json.js";

/** An answer as OFREP has it: what a backend can render into a page for `bootstrap`. */
export type FlagAnswer = components["schemas"]["EvaluationSuccess"];

/** Where an answer came from first. */
export type Source = "gateway" | "cache" | "bootstrap" | "default";

/** Why the caller's default was served. */
export type EvaluationError = "FLAG_NOT_FOUND" | "NOT_READY" | "TYPE_MISMATCH";

/** What a flag is for whoever sits here. */
export interface Evaluation {
  readonly key: string;
  readonly value: JsonValue;
  /** Empty when the default was served. */
  readonly variant: string;
  /** Mirante's own word, for instance "RULE", "SPLIT" or "KILLED"; "ERROR" when the default was served. */
  readonly reason: string;
  readonly ruleId: string;
  readonly version: number;
  readonly experiment: string;
  readonly source: Source;
  readonly error?: EvaluationError;
}

/** The answers by their flags. */
export type Evaluations = ReadonlyMap<string, Evaluation>;

/** What a body of all flags holds. */
export interface Bulk {
  readonly evaluations: Map<string, Evaluation>;
  /** Flags that exist and could not be evaluated. */
  readonly failed: ReadonlySet<string>;
  /** The address of the event stream, as the gateway gave it; empty when there is none. */
  readonly stream: string;
}

/** Read the body of an answer; undefined when it is none. */
export function readBulk(body: unknown, source: Source): Bulk | undefined {
  if (!isRecord(body) || !Array.isArray(body.flags)) return undefined;
  const failed = new Set<string>();
  const evaluations = new Map<string, Evaluation>();
  for (const answer of body.flags) {
    const evaluation = readAnswer(answer, source);
    if (evaluation) evaluations.set(evaluation.key, evaluation);
    else if (isRecord(answer) && typeof answer.key === "string") failed.add(answer.key);
  }
  return { evaluations, failed, stream: readStream(body.eventStreams) };
}

/** Read one answer; undefined for a failure, and for what is none. */
export function readAnswer(answer: unknown, source: Source): Evaluation | undefined {
  if (!isRecord(answer) || typeof answer.key !== "string" || "errorCode" in answer) return undefined;
  if (typeof answer.variant !== "string" || answer.value === undefined) return undefined;
  const metadata = isRecord(answer.metadata) ? answer.metadata : {};
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  return {
    key: answer.key,
    value: answer.value as JsonValue, // it was parsed from JSON
    variant: answer.variant,
    reason: text(metadata.reason) || text(answer.reason),
    ruleId: text(metadata.ruleId),
    version: typeof metadata.flagVersion === "number" ? metadata.flagVersion : 0,
    experiment: text(metadata.experiment),
    source,
  };
}

/** Return an answer as OFREP has it, to be kept. */
export function asAnswer(evaluation: Evaluation): unknown {
  const { key, value, variant, reason, ruleId, version, experiment } = evaluation;
  return { key, value, variant, metadata: { reason, ruleId, flagVersion: version, experiment } };
}

/** Whether two answers are the same for whoever looks at them. */
export function isSame(one: Evaluation | undefined, other: Evaluation | undefined): boolean {
  if (one === other) return true;
  if (!one || !other) return false;
  return JSON.stringify({ ...one, source: "" }) === JSON.stringify({ ...other, source: "" });
}

function readStream(streams: unknown): string {
  if (!Array.isArray(streams)) return "";
  for (const stream of streams as unknown[]) {
    if (!isRecord(stream) || stream.type !== "sse") continue;
    if (typeof stream.url === "string") return stream.url;
    if (isRecord(stream.endpoint) && typeof stream.endpoint.requestUri === "string") {
      const origin = typeof stream.endpoint.origin === "string" ? stream.endpoint.origin : "";
      return origin + stream.endpoint.requestUri;
    }
  }
  return "";
}
