import { isRecord, parsed } from "../json.js";
import type { DropCause } from "../problems.js";
import type { SafeStorage } from "../storage.js";

const NAME = "queue.";
const WRITE_MS = 1_000;
/** What another page has not touched for this long belongs to nobody any more. */
const ORPHAN_MS = 60_000;

/** The bounds of what waits. */
export const MOST_EVENTS = 1_000;
export const MOST_BYTES = 512 * 1024;
export const MOST_AGE_MS = 7 * 24 * 3_600_000;

/** An event that waits to be sent. */
export interface Waiting {
  readonly id: string;
  readonly name: string;
  /** Whose it is: see `ownerOf`; empty for nobody's. */
  readonly owner: string;
  /** When it happened, in milliseconds since 1970. */
  readonly at: number;
  /** As it is sent. */
  readonly text: string;
  readonly bytes: number;
}

/**
 * Events that wait: bounded, and kept beyond the page where storage allows.
 *
 * Each page keeps its own; a page that begins takes over what those have left that have gone. Should a page be taken
 * for gone that has not, its events are sent twice, and counted once: their ids are the same.
 */
export class Queue {
  readonly #storage: SafeStorage;
  readonly #name: string;
  readonly #dropped: (cause: DropCause, count: number) => void;
  /** Ids of events that are on their way: these do not have to go when there is no room. */
  readonly onTheirWay = new Set<string>();
  readonly #waiting = new Map<string, Waiting>();
  #bytes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `instance` names this page; `dropped` is told of what is given up. */
  constructor(storage: SafeStorage, instance: string, dropped: (cause: DropCause, count: number) => void) {
    this.#storage = storage;
    this.#name = NAME + instance;
    this.#dropped = dropped;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** All that wait, oldest first. */
  get all(): Iterable<Waiting> {
    return this.#waiting.values();
  }

  /** Take over what pages have left that have gone. */
  adopt(now: number): void {
    const found: Waiting[] = [];
    for (const name of this.#storage.names(NAME)) {
      const kept = parsed(this.#storage.get(name) ?? "");
      if (isRecord(kept) && typeof kept.touchedAt === "number" && Math.abs(now - kept.touchedAt) < ORPHAN_MS) continue;
      this.#storage.remove(name);
      if (isRecord(kept) && Array.isArray(kept.waiting)) found.push(...kept.waiting.filter(isWaiting));
    }
    for (const each of found.sort((one, other) => one.at - other.at)) this.#put(each);
    this.expire(now);
    this.#bound();
    // Nobody else has them any more.
    if (found.length) this.save(now);
  }

  /** Take an event; the oldest ones have to go when there is no room. */
  add(event: Waiting): void {
    this.#put(event);
    this.#bound();
    this.#timer ??= setTimeout(() => this.save(Date.now()), WRITE_MS);
  }

  /** Let go of events that have arrived, or never will. */
  remove(ids: Iterable<string>): void {
    for (const id of ids) {
      this.#bytes -= this.#waiting.get(id)?.bytes ?? 0;
      this.#waiting.delete(id);
    }
    this.#timer ??= setTimeout(() => this.save(Date.now()), WRITE_MS);
  }

  /** Put events behind all others. */
  postpone(ids: Iterable<string>): void {
    for (const id of ids) {
      const event = this.#waiting.get(id);
      if (!event) continue;
      this.#waiting.delete(id);
      this.#waiting.set(id, event);
    }
  }

  /** Give up what is too old to be of use. */
  expire(now: number): void {
    const old = [...this.#waiting.values()].filter((each) => now - each.at > MOST_AGE_MS).map((each) => each.id);
    if (!old.length) return;
    this.remove(old);
    this.#dropped("expired", old.length);
  }

  /** Write what waits. With `isLeaving`, the next page may take it over at once. */
  save(now: number, isLeaving = false): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.size) {
      const touchedAt = isLeaving ? 0 : now;
      this.#storage.set(this.#name, JSON.stringify({ touchedAt, waiting: [...this.#waiting.values()] }));
    } else {
      this.#storage.remove(this.#name);
    }
  }

  #put(event: Waiting): void {
    if (this.#waiting.has(event.id)) return;
    this.#waiting.set(event.id, event);
    this.#bytes += event.bytes;
  }

  #bound(): void {
    const surplus: string[] = [];
    let bytes = this.#bytes;
    for (const { id, bytes: its } of this.#waiting.values()) {
      if (this.#waiting.size - surplus.length <= MOST_EVENTS && bytes <= MOST_BYTES) break;
      if (this.onTheirWay.has(id)) continue;
      surplus.push(id);
      bytes -= its;
    }
    if (!surplus.length) return;
    this.remove(surplus);
    this.#dropped("overflow", surplus.length);
  }
}

function isWaiting(found: unknown): found is Waiting {
  return (
    isRecord(found) &&
    typeof found.id === "string" &&
    typeof found.name === "string" &&
    typeof found.owner === "string" &&
    typeof found.text === "string" &&
    typeof found.at === "number" &&
    typeof found.bytes === "number"
  );
}
