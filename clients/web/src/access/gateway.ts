import { retryAfter } from "../backoff.js";
import { isRecord, parsed } from "../json.js";
import type { Problem } from "../problems.js";

const PATIENCE_MS = 10_000;

/** An answer of the gateway. `status` is 0 when none came. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly etag: string;
  /** Milliseconds that the gateway asks to wait; 0 when it does not. */
  readonly retryMs: number;
  /** Why it was refused, when it was. */
  readonly problem: Problem | undefined;
}

/** Where Mirante's gateway is, and the public key that opens it. */
export class Gateway {
  readonly url: string;
  readonly key: string;
  readonly environment: string;

  constructor(url: string, key: string, environment: string) {
    this.url = url.replace(/\/+$/, "");
    this.key = key;
    this.environment = environment;
  }

  /**
   * Post a JSON text; never raises.
   *
   * @param headers beside those of the key.
   * @param keepalive whether it may go on after the page has gone; then the body is at most 64 KiB.
   */
  async post(path: string, body: string, headers: Record<string, string> = {}, keepalive = false): Promise<Answer> {
    const giveUp = new AbortController();
    const timer = setTimeout(() => {
      giveUp.abort();
    }, PATIENCE_MS);
    try {
      const all: Record<string, string> = { "Content-Type": "application/json", "X-API-Key": this.key, ...headers };
      if (this.environment) all["X-Mirante-Environment"] = this.environment;
      const response = await fetch(this.url + path, {
        method: "POST",
        body,
        headers: all,
        keepalive,
        credentials: "omit",
        cache: "no-store",
        signal: giveUp.signal,
      });
      const found = response.status === 304 ? undefined : parsed(await response.text());
      return {
        status: response.status,
        body: found,
        etag: response.headers.get("ETag") ?? "",
        retryMs: retryAfter(response.headers.get("Retry-After"), Date.now()),
        problem: response.ok ? undefined : problemOf(found, response.status),
      };
    } catch {
      return { status: 0, body: undefined, etag: "", retryMs: 0, problem: undefined };
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Return the problem that a body or a message holds. */
export function problemOf(found: unknown, status: number): Problem {
  const fields: Record<string, unknown> = isRecord(found) ? found : {};
  const text = (name: string): string => (typeof fields[name] === "string" ? fields[name] : "");
  const problem: Problem = {
    type: text("type"),
    title: text("title"),
    status: typeof fields.status === "number" ? fields.status : status,
    detail: text("detail"),
    reason: text("reason"),
  };
  if (typeof fields.retry_after_ms === "number") problem.retry_after_ms = fields.retry_after_ms;
  return problem;
}

/** Whether asking again later can help without anybody changing anything. */
export function isPassing(status: number): boolean {
  return status === 0 || status === 408 || status === 429 || status >= 500;
}

/** Whether a refusal is about the browser token rather than about the key. */
export function isOfToken(problem: Problem | undefined): boolean {
  return problem?.reason === "TOKEN_EXPIRED" || problem?.reason === "INVALID_TOKEN";
}
