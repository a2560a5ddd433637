import type { components } from "../contract.js";
import { isRecord } from "../json.js";

type Status = components["schemas"]["EventResults"]["results"][number]["status"];

/** What became of one event. */
export interface Result {
  readonly status: Status;
  readonly reason: string;
  readonly field: string;
  readonly detail: string;
  readonly retryMs: number;
}

const STATUSES: readonly string[] = ["accepted", "duplicate", "rejected", "retry"] satisfies Status[];

/** Read the results of a batch; undefined when there is not one for each event. */
export function readResults(body: unknown, count: number): Result[] | undefined {
  const found = isRecord(body) ? body.results : undefined;
  return Array.isArray(found) && found.length === count ? found.map(readResult) : undefined;
}

function readResult(found: unknown): Result {
  const fields: Record<string, unknown> = isRecord(found) ? found : {};
  const text = (name: string): string => (typeof fields[name] === "string" ? fields[name] : "");
  const status = text("status");
  return {
    // What is not understood is asked again: it is not known to have arrived.
    status: STATUSES.includes(status) ? (status as Status) : "retry",
    reason: text("reason"),
    field: text("field"),
    detail: text("detail"),
    retryMs: typeof fields.retry_after_ms === "number" ? fields.retry_after_ms : 0,
  };
}
