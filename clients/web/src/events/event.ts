import type { components } from "../contract.js";
import type { JsonValue } from "../json.js";

/** An event as the gateway takes it. */
export type Event = components["schemas"]["BrowserEvent"];

/** Properties of an event. Money is a decimal text beside its currency. What is undefined is left out. */
export type Properties = Readonly<Record<string, JsonValue | undefined>>;

/** The largest event that is worth sending: the gateway's bound of 64 KiB, and some room. */
export const MOST_EVENT_BYTES = 60 * 1024;

const NAME = /^[a-z][a-z0-9_]{0,99}$/;

/** Return what is wrong with a name; empty when nothing is. */
export function faultOfName(name: string): string {
  return NAME.test(name) ? "" : "name: must be 1 to 100 characters of a-z, 0-9 and _, beginning with a letter";
}

/** Return how many bytes a text has in UTF-8. */
export function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
