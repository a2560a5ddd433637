import { type Answer, type Gateway, isPassing } from "../access/gateway.js";
import { Backoff, spread } from "../backoff.js";
import { fingerprint } from "../ids.js";
import type { JsonValue } from "../json.js";
import type { Report } from "../problems.js";
import { type Bulk, type Evaluation, type EvaluationError, type FlagAnswer, readAnswer, readBulk } from "./answers.js";
import type { FlagCache } from "./cache.js";
import type { Exposures } from "./exposures.js";
import { Notices } from "./notices.js";
import { FlagStore } from "./store.js";

const PATH = "/ofrep/v1/evaluate/flags";
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
const REFUSED_MS = 300_000;
/** With a stream, only conditions on time change answers without a notice. */
const POLL_WITH_STREAM_MS = 600_000;
/** When a flag changes, all browsers hear of it at once; they ask within this time. */
const SPREAD_MS = 200;

/** What an evaluation is expected to be. */
export type Expected = "boolean" | "any";

/** The parts that flags are made of. */
export interface FlagsParts {
  readonly gateway: Gateway;
  readonly cache: FlagCache;
  readonly exposures: Exposures;
  readonly report: Report;
  /** Whose answers are wanted. */
  readonly context: () => Record<string, JsonValue>;
  /** Milliseconds between questions when no notices come. */
  readonly pollMs: number;
}

/** The flags of whoever sits here: answers by OFREP, kept current by notices and, without them, by asking again. */
export class Flags {
  readonly store = new FlagStore();
  readonly #parts: FlagsParts;
  readonly #backoff = new Backoff(FIRST_DELAY_MS, LONGEST_DELAY_MS);
  readonly #notices: Notices;
  readonly #inUse = new Map<string, number>();
  readonly #ready: Promise<void>;
  #nowReady: () => void = () => undefined;
  #context = "";
  #etag = "";
  #stream = "";
  /** Whether the answers in force are those of the present context. */
  #isSettled = false;
  #asking: Promise<void> | undefined;
  #askAgain = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #spread: ReturnType<typeof setTimeout> | undefined;
  #isResting = false;
  #refusal = "";

  constructor(parts: FlagsParts) {
    this.#parts = parts;
    this.#ready = new Promise((resolve) => {
      this.#nowReady = resolve;
    });
    this.#notices = new Notices(
      () => this.#askSoon(),
      (isRefused) => {
        if (isRefused) {
          // A ticket that is too old: only an answer with a body brings another.
          this.#etag = "";
          this.#stream = "";
        }
        this.#askIn(isRefused ? this.#backoff.next() : spread(parts.pollMs));
      },
    );
  }

  /** Begin: with the answers of a bootstrap or of the last visit, if there are any. */
  start(bootstrap: readonly FlagAnswer[] | undefined): void {
    if (bootstrap) {
      this.#context = JSON.stringify(this.#parts.context());
      const found = bootstrap.flatMap((answer) => readAnswer(answer, "bootstrap") ?? []);
      this.#settle({ evaluations: new Map(found.map((each) => [each.key, each])), failed: new Set(), stream: "" }, "");
      void this.refresh();
    } else {
      this.contextChanged();
    }
  }

  /** Whoever sits here is somebody else, or is known better: their answers are wanted. */
  contextChanged(): void {
    const context = JSON.stringify(this.#parts.context());
    if (context === this.#context) return;
    this.#context = context;
    this.#etag = "";
    this.#isSettled = false;
    const kept = this.#parts.cache.read(fingerprint(context));
    if (kept) this.#settle(kept.bulk, kept.etag);
    void this.refresh();
  }

  /** Resolves when there are answers, or it is known that there are none for now. Never rejects. */
  get ready(): Promise<void> {
    return this.#ready;
  }

  /** Return what a flag is, and record that it was used. Never raises, never waits. */
  details(key: string, fallback: JsonValue, expected: Expected): Evaluation {
    const found = this.peek(key, fallback, expected);
    if (!found.error) this.#expose(found);
    return found;
  }

  /** As `details`, and nothing is recorded. */
  peek(key: string, fallback: JsonValue, expected: Expected): Evaluation {
    const found = this.store.get(key);
    if (!found) return served(key, fallback, this.#isSettled ? "FLAG_NOT_FOUND" : "NOT_READY");
    if (expected !== "any" && typeof found.value !== expected) return served(key, fallback, "TYPE_MISMATCH");
    return found;
  }

  /** A flag is on the screen until the returned function is called: whatever it becomes meanwhile was used. */
  use(key: string): () => void {
    this.#inUse.set(key, (this.#inUse.get(key) ?? 0) + 1);
    const found = this.store.get(key);
    if (found) this.#expose(found);
    return () => {
      const left = (this.#inUse.get(key) ?? 1) - 1;
      if (left > 0) this.#inUse.set(key, left);
      else this.#inUse.delete(key);
    };
  }

  /** Ask now. Questions that come while one is on its way become one more. */
  refresh(): Promise<void> {
    if (this.#asking) {
      this.#askAgain = true;
      return this.#asking;
    }
    clearTimeout(this.#timer);
    this.#asking = this.#askUntilCurrent();
    return this.#asking;
  }

  /** The page is out of sight: nobody needs to know what changes. */
  rest(): void {
    this.#isResting = true;
    this.#notices.close();
    clearTimeout(this.#timer);
    clearTimeout(this.#spread);
    this.#spread = undefined;
  }

  /** The page is back, or the network is. */
  wake(): void {
    this.#isResting = false;
    this.#backoff.reset();
    void this.refresh();
  }

  async #askUntilCurrent(): Promise<void> {
    for (;;) {
      this.#askAgain = false;
      await this.#ask();
      if (!this.#isWantedAgain()) break;
    }
    // Nothing may come between this and the look before: who asks from here on begins anew.
    this.#asking = undefined;
    this.#nowReady();
  }

  #isWantedAgain(): boolean {
    return this.#askAgain;
  }

  async #ask(): Promise<void> {
    const { gateway } = this.#parts;
    const context = this.#context;
    const body = `{"context":${context}}`;
    const answer = await gateway.post(PATH, body, this.#etag ? { "If-None-Match": this.#etag } : {});
    if (context === this.#context) this.#take(answer, context);
    else this.#askAgain = true;
  }

  #take(answer: Answer, context: string): void {
    const { report } = this.#parts;
    const bulk = answer.status === 200 ? readBulk(answer.body, "gateway") : undefined;
    if (bulk) {
      this.#settle(bulk, answer.etag);
      this.#parts.cache.write(fingerprint(context), this.#etag, this.store.evaluations, this.#stream);
    }
    if (bulk || answer.status === 304) {
      this.#backoff.reset();
      this.#refusal = "";
      if (!this.#isResting) this.#notices.listen(this.#stream);
      this.#askIn(spread(this.#stream && this.#notices.isOpen ? POLL_WITH_STREAM_MS : this.#parts.pollMs));
      return;
    }
    if (isPassing(answer.status) || answer.status === 200) {
      this.#askIn(this.#backoff.next(answer.retryMs));
      return;
    }
    const { reason = "", detail = "" } = answer.problem ?? {};
    if (this.#refusal !== reason) report({ kind: "refused", what: "flags", status: answer.status, reason, detail });
    this.#refusal = reason;
    this.#askIn(spread(REFUSED_MS));
  }

  #settle(bulk: Bulk, etag: string): void {
    const next = bulk.evaluations;
    // A flag that fails for now keeps its last answer, as long as that is an answer for the same person.
    for (const key of this.#isSettled ? bulk.failed : []) {
      const last = this.store.get(key);
      if (last) next.set(key, last);
    }
    this.#etag = etag;
    this.#stream = bulk.stream.startsWith("/") ? this.#parts.gateway.url + bulk.stream : bulk.stream;
    this.#isSettled = true;
    this.store.replace(next);
    for (const key of this.#inUse.keys()) {
      const found = this.store.get(key);
      if (found) this.#expose(found);
    }
    this.#nowReady();
  }

  #expose(evaluation: Evaluation): void {
    // What is left of somebody else's answers exposes nobody to anything.
    if (this.#isSettled) this.#parts.exposures.record(evaluation, Date.now());
  }

  #askSoon(): void {
    this.#spread ??= setTimeout(() => {
      this.#spread = undefined;
      void this.refresh();
    }, Math.random() * SPREAD_MS);
  }

  #askIn(milliseconds: number): void {
    clearTimeout(this.#timer);
    if (this.#isResting) return;
    this.#timer = setTimeout(() => void this.refresh(), milliseconds);
  }
}

function served(key: string, value: JsonValue, error: EvaluationError): Evaluation {
  const nothing = { variant: "", reason: "ERROR", ruleId: "", version: 0, experiment: "" };
  return { key, value, ...nothing, source: "default", error };
}
