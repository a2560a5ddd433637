/** Guards as people write and read them; pure. */
import type { Speech } from "../../i18n/language";
import { secondsOf } from "./standing";
import type { Guard } from "./types";

/** What a guard watches, as one choice. */
export const KINDS = ["share", "count", "quantile", "more", "less", "ratio"] as const;

/** One of them. */
export type Kind = (typeof KINDS)[number];

const MEASURES = {
  share: "TRIPWIRE_MEASURE_ACTOR_SHARE",
  count: "TRIPWIRE_MEASURE_EVENT_COUNT",
  quantile: "TRIPWIRE_MEASURE_QUANTILE",
} as const;
const USUAL_WINDOW = 30;

/** Returns what a guard watches. */
export function kindOf(guard: Guard): Kind {
  if (guard.sampleRatio !== undefined) return "ratio";
  if (guard.guardrail !== undefined) return guard.guardrail.harm === "HARM_DIRECTION_LESS" ? "less" : "more";
  const measures = Object.entries(MEASURES) as [keyof typeof MEASURES, string][];
  return measures.find(([, measure]) => measure === guard.tripwire?.measure)?.[0] ?? "share";
}

/** Returns the events that a guard watches. */
export function eventsOf(guard: Guard): string[] {
  return guard.tripwire?.events ?? guard.guardrail?.events ?? [];
}

/** Returns a guard that watches something else, with the name, events and action of another. */
export function withKind(guard: Guard, kind: Kind): Guard {
  const { name, action } = guard;
  const events = eventsOf(guard);
  // Nothing can be believed then, good or bad.
  if (kind === "ratio") return { name, action: "GUARD_ACTION_PAUSE", sampleRatio: {} };
  if (kind === "more" || kind === "less") {
    const harm = kind === "more" ? "HARM_DIRECTION_MORE" : "HARM_DIRECTION_LESS";
    return { name, action, guardrail: { events, harm, tightestAt: 0 } };
  }
  const tripwire = {
    measure: MEASURES[kind],
    events,
    property: "",
    quantile: kind === "quantile" ? 0.95 : 0,
    limit: kind === "share" ? 0.05 : 0,
    window: "30s",
    minimum: 0,
  };
  return { name, action, tripwire };
}

/** Returns a guard to begin with: a share of people with errors, which kills the flag. */
export function newGuard(name: string): Guard {
  return withKind({ name, action: "GUARD_ACTION_KILL" }, "share");
}

/** Returns what a breach does. */
export function actionOf(guard: Guard): Guard["action"] {
  if (guard.action !== "GUARD_ACTION_UNSPECIFIED") return guard.action;
  return guard.sampleRatio === undefined ? "GUARD_ACTION_ROLL_BACK" : "GUARD_ACTION_PAUSE";
}

/** Writes a number that a guard judges: shares as percentages. */
export function writeReading(kind: Kind, value: number | undefined, { number, percent }: Speech["format"]): string {
  if (value === undefined) return "–";
  return kind === "count" || kind === "quantile" ? number(value, 2) : percent(value, 2);
}

/** Returns a guard as a sentence. */
export function guardSentence(guard: Guard, { t, format }: Pick<Speech, "t" | "format">): string {
  const kind = kindOf(guard);
  const events = eventsOf(guard).join(", ");
  if (kind === "ratio") return t("roll.guard.ratio");
  if (kind === "more" || kind === "less") return t(`roll.guard.${kind}`, { events });
  const { limit = 0, window, property = "", quantile = 0 } = guard.tripwire ?? {};
  const said = {
    events,
    limit: writeReading(kind, limit, format),
    window: format.duration(secondsOf(window) || USUAL_WINDOW),
  };
  if (kind !== "quantile") return t(`roll.guard.${kind}`, said);
  return t("roll.guard.quantile", { ...said, property, quantile: `p${format.number(quantile * 100, 2)}` });
}
