import type { Identity } from "../identity.js";
import { isRecord, type JsonValue, parsed } from "../json.js";
import type { SafeStorage } from "../storage.js";
import type { Evaluation } from "./answers.js";

const NAME = "exposed";
const MOST = 500;

/** The event that says which variant somebody was given. */
export const EXPOSURE = "flag_exposta";

/** Records which variants were used: once in a session for each person, variant and version of a flag. */
export class Exposures {
  readonly #identity: Identity;
  readonly #storage: SafeStorage;
  readonly #track: (name: string, properties: Record<string, JsonValue>) => void;
  #session = "";
  #seen = new Set<string>();

  constructor(
    identity: Identity,
    storage: SafeStorage,
    track: (name: string, properties: Record<string, JsonValue>) => void,
  ) {
    this.#identity = identity;
    this.#storage = storage;
    this.#track = track;
  }

  /** Record that an answer was used. */
  record(evaluation: Evaluation, now: number): void {
    const { key: flag, variant, version } = evaluation;
    const entry = JSON.stringify([this.#identity.owner || this.#identity.anonymousId, flag, variant, version]);
    const session = this.#identity.peekSession(now);
    if (session && session === this.#session && this.#seen.has(entry)) return;
    this.#follow(this.#identity.sessionAt(now));
    if (this.#seen.has(entry)) return;
    this.#seen.add(entry);
    for (const oldest of this.#seen) {
      if (this.#seen.size <= MOST) break;
      this.#seen.delete(oldest);
    }
    this.#storage.set(NAME, JSON.stringify({ session: this.#session, seen: [...this.#seen] }));
    const { reason, ruleId, experiment } = evaluation;
    this.#track(EXPOSURE, { flag, variant, version, reason, rule_id: ruleId, experiment });
  }

  #follow(session: string): void {
    if (session === this.#session) return;
    this.#session = session;
    const kept = parsed(this.#storage.get(NAME) ?? "");
    const goesOn = isRecord(kept) && kept.session === session && Array.isArray(kept.seen);
    this.#seen = new Set(goesOn ? (kept.seen as unknown[]).filter((each) => typeof each === "string") : []);
  }
}
