/** The verdicts of a list of experiments, asked for one after the other so that nobody else waits. */
import { useEffect, useEffectEvent, useState } from "react";
import { call } from "../../api/call";
import type { Speech } from "../../i18n/language";
import { SERVICE, type Verdict } from "./types";

/** What is known by key; null: there are no numbers now. */
export type Verdicts = ReadonlyMap<string, Verdict | null>;

/**
 * Returns the verdicts that are known so far.
 *
 * @param keys - of experiments that have results
 */
export function useVerdicts(environment: string, keys: readonly string[]): Verdicts {
  const [known, setKnown] = useState<Verdicts>(new Map());
  const ask = useEffectEvent(async (signal: AbortSignal) => {
    for (const experimentKey of keys) {
      let verdict: Verdict | null = null;
      try {
        verdict = (await call(`${SERVICE}/GetResults`, { environment, experimentKey }, signal)).results?.verdict ?? null;
      } catch {
        // The list stands without it.
      }
      if (signal.aborted) return;
      setKnown((before) => new Map(before).set(experimentKey, verdict));
    }
  });
  const all = keys.join(" ");
  useEffect(() => {
    const end = new AbortController();
    void ask(end.signal);
    return () => end.abort();
  }, [environment, all]);
  return known;
}

/** Returns a reason as a sentence: in Portuguese the service's own, which has the numbers. */
export function reasonText(reason: Verdict["arms"][number]["reasons"][number], { t, language }: Speech): string {
  if (language === "pt-BR" && reason.text !== "") return reason.text;
  return t(`exp.code.${reason.code}`, { subject: reason.subject });
}
