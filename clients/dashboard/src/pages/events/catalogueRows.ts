/** The catalogue beside what was seen of it, by event; pure. */
import type { Message } from "../../api/methods";

const DAY_MS = 86_400_000;

/** One event name on one day. */
export interface Day {
  /** YYYY-MM-DD, UTC. */
  readonly day: string;
  readonly accepted: number;
  /** Stored, although they violate the definition. */
  readonly violating: number;
  /** Rejected, and kept as dead letters. */
  readonly dead: number;
}

/** How an event stands. */
export type Standing = "seen" | "wrong" | "undeclared" | "unseen";

/** One event: declared, seen, or both. */
export interface Row {
  readonly name: string;
  /** Undefined: it is not declared. */
  readonly definition: Message<"EventDefinition"> | undefined;
  readonly standing: Standing;
  /** All days that were asked for, the oldest first. */
  readonly days: readonly Day[];
  readonly accepted: number;
  readonly violating: number;
  readonly dead: number;
  /** The last day on which it was seen. */
  readonly lastDay: string | undefined;
  /** The most frequent violations of the newest day that had any. */
  readonly violations: readonly string[];
}

/** Returns so many days, of which the last is that of `now`. */
export function daysUntil(now: Date, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    return new Date(now.getTime() - (count - 1 - index) * DAY_MS).toISOString().slice(0, 10);
  });
}

/** Returns the rows by name: of all declared events, and of those that were seen. */
export function rowsOf(
  definitions: readonly Message<"EventDefinition">[],
  coverage: readonly Message<"Coverage">[],
  days: readonly string[],
): Row[] {
  const declared = new Map(definitions.map((each) => [each.name, each]));
  const seen = new Map<string, Message<"Coverage">[]>();
  for (const each of coverage) seen.set(each.name, [...(seen.get(each.name) ?? []), each]);
  const names = [...new Set([...declared.keys(), ...seen.keys()])].sort();
  return names.map((name) => rowOf(name, declared.get(name), seen.get(name) ?? [], days));
}

function rowOf(
  name: string,
  definition: Row["definition"],
  coverage: readonly Message<"Coverage">[],
  wanted: readonly string[],
): Row {
  const byDay = new Map(coverage.map((each) => [each.day, each]));
  const days = wanted.map((day) => {
    const { accepted = "0", violating = "0", deadLetters = "0" } = byDay.get(day) ?? {};
    return { day, accepted: Number(accepted), violating: Number(violating), dead: Number(deadLetters) };
  });
  const sum = (of: (day: Day) => number) => days.reduce((total, day) => total + of(day), 0);
  const [accepted, violating, dead] = [sum((day) => day.accepted), sum((day) => day.violating), sum((day) => day.dead)];
  const lastDay = days.findLast((day) => day.accepted + day.dead > 0)?.day;
  const newest = [...coverage].sort((a, b) => b.day.localeCompare(a.day));
  return {
    name,
    definition,
    standing: standingOf(definition !== undefined, lastDay !== undefined, violating + dead > 0),
    days,
    accepted,
    violating,
    dead,
    lastDay,
    violations: newest.find((each) => each.violations.length > 0)?.violations ?? [],
  };
}

function standingOf(declared: boolean, seen: boolean, wrong: boolean): Standing {
  if (!declared) return "undeclared";
  if (!seen) return "unseen";
  return wrong ? "wrong" : "seen";
}
