import { expect, test } from "vitest";
import { texts } from "../../i18n/pt";
import { speechOf } from "../../i18n/language";
import { actionOf, eventsOf, guardSentence, kindOf, KINDS, newGuard, withKind, writeReading } from "./guards";
import type { Guard } from "./types";

const speech = speechOf("pt-BR", texts);

/** A guard whose tripwire has other members. */
function tripwire(guard: Guard, changes: Partial<NonNullable<Guard["tripwire"]>>): Guard {
  if (guard.tripwire === undefined) throw new Error("no tripwire");
  return { ...guard, tripwire: { ...guard.tripwire, ...changes } };
}

const NAMED = tripwire(newGuard("erros"), { events: ["erro_frontend"] });

test("a guard keeps its name, events and action when it watches something else, and is of the kind that was chosen", () => {
  for (const kind of KINDS) {
    const other = withKind(NAMED, kind);
    expect(kindOf(other)).toBe(kind);
    expect(other).toMatchObject({ name: "erros", action: kind === "ratio" ? "GUARD_ACTION_PAUSE" : "GUARD_ACTION_KILL" });
    expect(eventsOf(other)).toEqual(kind === "ratio" ? [] : ["erro_frontend"]);
  }
});

test("guards read as sentences, with shares as percentages", () => {
  expect(guardSentence(NAMED, speech)).toBe("Pessoas com erro_frontend acima de 5% em 30 s");
  const told = tripwire(withKind(NAMED, "quantile"), { property: "ms", limit: 800 });
  expect(guardSentence(told, speech)).toBe("p95 de ms em erro_frontend acima de 800 em 30 s");
  expect(guardSentence(withKind(NAMED, "less"), speech)).toBe("Menos gente com erro_frontend do que sem a variante");
});

test("a breach that nothing was said for rolls back, and a wrong share pauses", () => {
  const unsaid = (guard: Guard) => actionOf({ ...guard, action: "GUARD_ACTION_UNSPECIFIED" });
  expect([unsaid(NAMED), unsaid(withKind(NAMED, "ratio")), actionOf(NAMED)]).toEqual([
    "GUARD_ACTION_ROLL_BACK",
    "GUARD_ACTION_PAUSE",
    "GUARD_ACTION_KILL",
  ]);
});

test("a number that is not known yet is no zero", () => {
  expect(writeReading("share", undefined, speech.format)).toBe("–");
  expect(writeReading("share", 0, speech.format)).toBe("0%");
});
