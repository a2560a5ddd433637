import { uuid7 } from "./ids.js";
import { isRecord, parsed } from "./json.js";
import type { SafeStorage } from "./storage.js";

const IDLE_MS = 30 * 60_000;
const LONGEST_MS = 24 * 3_600_000;
const WRITE_MS = 5_000;
const NAME = "session";

interface Kept {
  readonly id: string;
  readonly startedAt: number;
  readonly seenAt: number;
}

/**
 * The session of a visitor, shared by the tabs of an origin: over after 30 minutes in which nothing happened, and after
 * 24 hours in any case.
 */
export class Session {
  readonly #storage: SafeStorage;
  #kept: Kept | undefined;
  #writtenAt = 0;

  constructor(storage: SafeStorage) {
    this.#storage = storage;
  }

  /** Return the id of the session in which something happens at `now` (milliseconds since 1970). */
  idAt(now: number): string {
    // Another tab may have gone on with it meanwhile.
    let kept = now - this.#writtenAt < WRITE_MS ? this.#kept : read(this.#storage.get(NAME));
    if (!kept || isOver(kept, now)) kept = { id: uuid7(now), startedAt: now, seenAt: now };
    const isNew = kept.id !== this.#kept?.id;
    this.#kept = { ...kept, seenAt: now };
    if (isNew || now - this.#writtenAt >= WRITE_MS) {
      this.#storage.set(NAME, JSON.stringify(this.#kept));
      this.#writtenAt = now;
    }
    return this.#kept.id;
  }

  /** Return the id of the session that is still going on, without going on with it; empty when there is none. */
  peek(now: number): string {
    return this.#kept && !isOver(this.#kept, now) ? this.#kept.id : "";
  }

  /** End it. */
  end(): void {
    this.#kept = undefined;
    this.#writtenAt = 0;
    this.#storage.remove(NAME);
  }
}

function isOver(kept: Kept, now: number): boolean {
  const idle = now - kept.seenAt;
  // A clock that was set back must not keep a session for ever.
  return idle >= IDLE_MS || idle < -IDLE_MS || now - kept.startedAt >= LONGEST_MS;
}

function read(text: string | null): Kept | undefined {
  const found = text === null ? undefined : parsed(text);
  if (!isRecord(found)) return undefined;
  const { id, startedAt, seenAt } = found;
  if (typeof id !== "string" || typeof startedAt !== "number" || typeof seenAt !== "number") return undefined;
  return { id, startedAt, seenAt };
}
