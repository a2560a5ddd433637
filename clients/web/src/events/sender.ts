import { type Answer, type Gateway, isOfToken, isPassing } from "../access/gateway.js";
import type { Tokens } from "../access/tokens.js";
import { Backoff, spread } from "../backoff.js";
import { isRecord } from "../json.js";
import type { Report } from "../problems.js";
import { type Batch, batchOf, bodyOf } from "./batches.js";
import type { Queue } from "./queue.js";
import { readResults, type Result } from "./results.js";

/** Where events go. */
export const PATH = "/v1/events";
const SOON_MS = 3_000;
const MANY = 20;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
const REFUSED_MS = 300_000;
const MOST_EVENTS = 100;
const MOST_BYTES = 256 * 1024;
/** Browsers take 64 KiB for requests that outlive the page. */
const MOST_LEAVING_BYTES = 56 * 1024;

/** What became of events so far. */
export interface Counts {
  accepted: number;
  duplicates: number;
  rejected: number;
}

/** The parts that a sender works with. */
export interface SenderParts {
  readonly gateway: Gateway;
  readonly tokens: Tokens;
  readonly queue: Queue;
  readonly report: Report;
  /** Names this page. */
  readonly instance: string;
}

/**
 * Sends what waits: in batches of one owner each, with the token of that owner. An event leaves the queue when the
 * gateway has said what became of it, and not before.
 */
export class Sender {
  readonly counts: Counts = { accepted: 0, duplicates: 0, rejected: 0 };
  readonly #parts: SenderParts;
  readonly #backoff = new Backoff(FIRST_DELAY_MS, LONGEST_DELAY_MS);
  readonly #beaconed = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dueAt = Infinity;
  #notBefore = 0;
  #wasUnreachable = false;
  #most = MOST_EVENTS;
  #draining: Promise<void> | undefined;
  #refusal = "";

  constructor(parts: SenderParts) {
    this.#parts = parts;
  }

  /** Something waits: send it soon. */
  wake(): void {
    this.#sendIn(this.#parts.queue.size >= MANY ? 0 : SOON_MS);
  }

  /** The network is back, or somebody has come whose events waited for them. */
  wakeNow(): void {
    if (this.#wasUnreachable) this.#notBefore = 0;
    this.#backoff.reset();
    if (this.#parts.queue.size) this.#sendIn(0);
  }

  /** Send what can be sent now. Resolves when that is over, whatever came of it; never rejects. */
  flush(keepalive = false): Promise<void> {
    if (Date.now() < this.#notBefore) return Promise.resolve();
    this.#draining ??= this.#drain(keepalive);
    return this.#draining;
  }

  /**
   * The page may be gone the next moment. What is handed to the browser stays in the queue until the gateway has
   * confirmed it, because nobody is told whether a beacon arrived: it may be sent twice, and is counted once.
   */
  leave(): void {
    const { queue, tokens } = this.#parts;
    const now = Date.now();
    if (typeof navigator !== "undefined" && "sendBeacon" in navigator && navigator.onLine) {
      const passed = new Set<string>();
      for (;;) {
        const batch = batchOf(queue.all, { passed, skipped: this.#beaconed, events: MOST_EVENTS, bytes: MOST_LEAVING_BYTES });
        if (!batch) break;
        const token = batch.owner ? tokens.at(batch.owner, now) : "";
        if (token === undefined || !this.#beacon(batch, token, now)) passed.add(batch.owner);
      }
    }
    queue.save(now, true);
  }

  /** Send nothing more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #beacon(batch: Batch, token: string, now: number): boolean {
    const { gateway, instance } = this.#parts;
    const { events } = batch;
    if (navigator.sendBeacon(gateway.url + PATH, bodyOf(batch, now, instance, { key: gateway.key, token }))) {
      for (const { id } of events) this.#beaconed.add(id);
      return true;
    }
    // The browser has no room for this much.
    const half = Math.ceil(events.length / 2);
    return events.length > 1 && this.#beacon({ ...batch, events: events.slice(0, half) }, token, now);
  }

  async #drain(keepalive: boolean): Promise<void> {
    const { queue, tokens } = this.#parts;
    await Promise.resolve(); // until the caller has noted that this goes on
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dueAt = Infinity;
    this.#most = MOST_EVENTS;
    this.#beaconed.clear();
    queue.expire(Date.now());
    const passed = new Set<string>();
    const bytes = keepalive ? MOST_LEAVING_BYTES : MOST_BYTES;
    let isRenewed = false;
    for (;;) {
      const batch = batchOf(queue.all, { passed, events: this.#most, bytes });
      if (!batch) break;
      const token = batch.owner && (await tokens.of(batch.owner));
      if (token === undefined) {
        passed.add(batch.owner);
        continue;
      }
      const answer = await this.#post(batch, token, keepalive);
      if (answer.status === 401 && isOfToken(answer.problem)) {
        tokens.refuse(token);
        if (isRenewed) passed.add(batch.owner);
        isRenewed = true;
      } else if (!this.#settle(batch, answer)) {
        break;
      }
    }
    // Nothing may come between this and the last look at the queue: who sends from here on begins anew.
    this.#draining = undefined;
    // What is of somebody who has gone waits until they come back; for the others a token may be had later.
    if ([...passed].some((owner) => tokens.isPresent(owner))) this.#sendIn(this.#backoff.next(FIRST_DELAY_MS));
  }

  async #post(batch: Batch, token: string, keepalive: boolean): Promise<Answer> {
    const { gateway, queue, instance } = this.#parts;
    const headers: Record<string, string> = token ? { "X-Mirante-Token": token } : {};
    for (const { id } of batch.events) queue.onTheirWay.add(id);
    try {
      return await gateway.post(PATH, bodyOf(batch, Date.now(), instance), headers, keepalive);
    } finally {
      queue.onTheirWay.clear();
    }
  }

  /** Do what an answer says; return whether to go on. */
  #settle(batch: Batch, answer: Answer): boolean {
    const { report } = this.#parts;
    const results = answer.status === 200 ? readResults(answer.body, batch.events.length) : undefined;
    if (results) return this.#settleEach(batch, results);
    if (answer.status === 413 || answer.status === 400) {
      // Too much at once, or one of them spoils the rest: halves find out which.
      this.#most = Math.floor(batch.events.length / 2);
      if (this.#most) return true;
      this.#most = MOST_EVENTS;
      const { reason = "", detail = "" } = answer.problem ?? {};
      return this.#settleEach(batch, [{ status: "rejected", reason, detail, field: "", retryMs: 0 }]);
    }
    this.#wasUnreachable = answer.status === 0;
    if (isPassing(answer.status) || answer.status === 200) {
      this.#pause(this.#backoff.next(Math.max(answer.retryMs, retryOf(answer.body))));
      return false;
    }
    const { reason = "", detail = "" } = answer.problem ?? {};
    if (this.#refusal !== reason) report({ kind: "refused", what: "events", status: answer.status, reason, detail });
    this.#refusal = reason;
    this.#pause(spread(REFUSED_MS));
    return false;
  }

  #settleEach(batch: Batch, results: readonly Result[]): boolean {
    const { queue, report } = this.#parts;
    const settled: string[] = [];
    const again: string[] = [];
    let retryMs = 0;
    for (const [index, { id, name }] of batch.events.entries()) {
      const result = results[index];
      if (!result || result.status === "retry") {
        again.push(id);
        retryMs = Math.max(retryMs, result?.retryMs ?? 0);
        continue;
      }
      settled.push(id);
      if (result.status === "accepted") this.counts.accepted++;
      else if (result.status === "duplicate") this.counts.duplicates++;
      else {
        this.counts.rejected++;
        const { reason, field, detail } = result;
        report({ kind: "event_rejected", event: name, reason, field, detail });
      }
    }
    queue.remove(settled);
    this.#refusal = "";
    if (!again.length) {
      this.#backoff.reset();
      return true;
    }
    queue.postpone(again);
    this.#wasUnreachable = false;
    this.#pause(this.#backoff.next(retryMs));
    return false;
  }

  #pause(milliseconds: number): void {
    this.#notBefore = Date.now() + milliseconds;
    this.#dueAt = Infinity;
    this.#sendIn(milliseconds);
  }

  #sendIn(milliseconds: number): void {
    const now = Date.now();
    const dueAt = Math.max(now + milliseconds, this.#notBefore);
    if (dueAt >= this.#dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => {
      // The pause is over, whatever the clock says: timers know no fractions, and it may have been set back.
      this.#notBefore = 0;
      this.#dueAt = Infinity;
      void this.flush();
    }, dueAt - now);
  }
}

function retryOf(body: unknown): number {
  return isRecord(body) && typeof body.retry_after_ms === "number" ? body.retry_after_ms : 0;
}

