/** Refusals of the gateway: problems as RFC 9457 has them. */

/** A field of the request, and what is wrong with it. */
export interface Violation {
  readonly field: string;
  readonly detail: string;
}

/** Why a call failed. `status` 0 with the reason UNREACHABLE says that there was no answer. */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";

  constructor(
    readonly status: number,
    readonly reason: string,
    detail: string,
    readonly violations: readonly Violation[] = [],
    /** Milliseconds to wait before the next try, when the answer said so. */
    readonly retryAfterMs?: number,
  ) {
    super(detail);
  }

  /** Whether the same call may succeed later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || (this.status >= 500 && this.status !== 501);
  }

  /** What is wrong with a field: of a path such as `rule.metric`, or of a list such as `rule.tenants[0]`. */
  violation(field: string): string | undefined {
    return this.violations.find((each) => each.field === field || each.field.startsWith(`${field}[`))?.detail;
  }
}

/** There was no answer. */
export function unreachable(): ApiProblem {
  return new ApiProblem(0, "UNREACHABLE", "the server does not answer");
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function violationsOf(value: unknown): Violation[] {
  if (!Array.isArray(value)) return [];
  return value.map((each: unknown) => {
    const { field, detail } = (each ?? {}) as Record<string, unknown>;
    return { field: textOf(field), detail: textOf(detail) };
  });
}

/**
 * Reads a problem.
 *
 * @param status - of the response; the document's own counts more
 * @param document - what JSON made of the body; anything is taken
 */
export function problemOf(status: number, document: unknown): ApiProblem {
  const members = (typeof document === "object" && document !== null ? document : {}) as Record<string, unknown>;
  const own = members["status"];
  const retry = members["retry_after_ms"];
  return new ApiProblem(
    typeof own === "number" ? own : status,
    textOf(members["reason"]) || "UNKNOWN",
    textOf(members["detail"]) || `HTTP ${status}`,
    violationsOf(members["errors"]),
    typeof retry === "number" ? retry : undefined,
  );
}
