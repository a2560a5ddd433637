/** In which state a flag is; pure. */
import type { Message } from "../../api/methods";
import type { Serve } from "./types";

/** The states, in the order in which they decide. */
export const STATES = ["archived", "killed", "off", "scheduled", "ended", "on"] as const;

/** One of them. */
export type State = (typeof STATES)[number];

/** Returns the state of a flag at a time. */
export function stateOf(flag: Message<"Flag">, archived: boolean, now: Date): State {
  if (archived) return "archived";
  if (flag.kill !== undefined) return "killed";
  if (!flag.on) return "off";
  if (flag.startsAt !== undefined && now < new Date(flag.startsAt)) return "scheduled";
  if (flag.endsAt !== undefined && now >= new Date(flag.endsAt)) return "ended";
  return "on";
}

/** What is served to whom nothing else decides for: the off variant in all states but one. */
export function usualServe(flag: Message<"Flag">, state: State): Serve {
  return state === "on" ? (flag.fallthrough ?? {}) : { variant: flag.offVariant };
}

/** Whether a flag belongs to what is looked for. */
export interface Wanted {
  readonly search: string;
  readonly state: State | "";
  readonly type: Message<"FlagType"> | "";
  readonly tag: string;
  readonly owner: string;
}

/** Everything but what is archived. */
export const EVERYTHING: Wanted = { search: "", state: "", type: "", tag: "", owner: "" };

/** Whether a flag is wanted. */
export function isWanted(record: Message<"FlagRecord">, wanted: Wanted, now: Date): boolean {
  const { flag } = record;
  if (flag === undefined) return false;
  const search = wanted.search.trim().toLowerCase();
  return (
    (wanted.state === "" || stateOf(flag, record.archived, now) === wanted.state) &&
    (wanted.type === "" || flag.type === wanted.type) &&
    (wanted.tag === "" || flag.tags.includes(wanted.tag)) &&
    (wanted.owner === "" || flag.owner === wanted.owner) &&
    (search === "" || `${flag.key}\n${flag.description}`.toLowerCase().includes(search))
  );
}
