import type { Event } from "./event.js";
import type { Waiting } from "./queue.js";

/** Events of one owner that are sent together. */
export interface Batch {
  readonly owner: string;
  readonly events: readonly Waiting[];
}

/** What may be in a batch. */
export interface Wanted {
  /** Owners that are passed over. */
  readonly passed: ReadonlySet<string>;
  /** Ids of events that are passed over. */
  readonly skipped?: ReadonlySet<string>;
  readonly events: number;
  readonly bytes: number;
}

/** Return the oldest events of the owner whose event has waited longest; undefined when there are none. */
export function batchOf(waiting: Iterable<Waiting>, { passed, skipped, events, bytes }: Wanted): Batch | undefined {
  let owner: string | undefined;
  let room = bytes;
  const found: Waiting[] = [];
  for (const event of waiting) {
    if (passed.has(event.owner) || skipped?.has(event.id) || event.owner !== (owner ?? event.owner)) continue;
    if (found.length && (found.length >= events || event.bytes > room)) break;
    owner = event.owner;
    room -= event.bytes + 1;
    found.push(event);
  }
  return owner === undefined ? undefined : { owner, events: found };
}

/** Return the body of a batch; beacons carry key and token in it. */
export function bodyOf(
  batch: Batch,
  now: number,
  instance: string,
  secrets?: { readonly key: string; readonly token: string },
): string {
  const envelope = {
    client_instance: instance,
    sent_at: now,
    ...(secrets ? { key: secrets.key, ...(secrets.token ? { token: secrets.token } : {}) } : {}),
  };
  return `${JSON.stringify(envelope).slice(0, -1)},"events":[${batch.events.map(({ text }) => text).join(",")}]}`;
}

/** Return an event as it is sent. Raises a TypeError for what JSON cannot hold. */
export function textOf(event: Event): string {
  return JSON.stringify(event);
}
