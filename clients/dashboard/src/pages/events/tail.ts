/** The newest events, as a stream tells of them; pure. */
import type { Message } from "../../api/methods";
import { jsonOf } from "../../api/values";

type StoredEvent = Message<"StoredEvent">;

/** So many are kept, shown or waiting. */
export const KEPT = 300;

/** What came in. */
export interface Tail {
  /** The newest first. */
  readonly shown: readonly StoredEvent[];
  /** Came in while the tail was paused; the newest first. */
  readonly waiting: readonly StoredEvent[];
  /** How many waited in all, also those that are no longer kept. */
  readonly waited: number;
  /** Left out by the service, because the reader was slow. */
  readonly missed: number;
}

/** Nothing came in yet. */
export const NOTHING_YET: Tail = { shown: [], waiting: [], waited: 0, missed: 0 };

/** Returns the tail with what a message brought, in the order of the log. What is there already (a stream that was opened again begins with it) is left out. */
export function received(tail: Tail, events: readonly StoredEvent[], missed: number, paused: boolean): Tail {
  const known = new Set([...tail.shown, ...tail.waiting].map(idOf));
  const fresh = new Map(events.filter((each) => !known.has(idOf(each))).map((each) => [idOf(each), each]));
  const newest = [...fresh.values()].reverse();
  const next = { ...tail, missed: tail.missed + missed };
  if (!paused) return { ...next, shown: [...newest, ...tail.shown].slice(0, KEPT) };
  return { ...next, waiting: [...newest, ...tail.waiting].slice(0, KEPT), waited: tail.waited + newest.length };
}

/** Returns the tail with what waited on top. */
export function resumed(tail: Tail): Tail {
  return { ...tail, shown: [...tail.waiting, ...tail.shown].slice(0, KEPT), waiting: [], waited: 0 };
}

/** Whether every word of a text stands somewhere in an event: in a name, an id, or as "name=value" of a property. */
export function matches(stored: StoredEvent, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const { event } = stored;
  if (event === undefined) return false;
  const known = [event.name, event.tenant, event.userId, event.anonymousId, event.sessionId, event.context?.release];
  const hay = [...known, summaryOf(event)].join("\n").toLowerCase();
  return words.every((word) => hay.includes(word));
}

/** The properties in one line: "valor=120.50 moeda=BRL". */
export function summaryOf(event: Message<"Event">): string {
  return Object.entries(event.properties)
    .map(([name, value]) => `${name}=${value.stringValue ?? jsonOf(value)}`)
    .join(" ");
}

/** What tells events apart. */
export function idOf(stored: StoredEvent): string {
  return stored.event?.id ?? "";
}

/** Writes 16 bytes in base64 as a UUID; other bytes stay as they are. */
export function uuidOf(base64: string): string {
  const bytes = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const match = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/.exec(hex);
  return match === null ? base64 : match.slice(1).join("-");
}
