/** The choice of a language, and the loading of its texts. */
import { type ReactNode, useEffect, useMemo, useState } from "react";
import { waitMs } from "../api/backoff";
import english from "./en/index.ts?texts";
import { SpeechContext, speechOf } from "./language";
import type { Language, Texts } from "./messages";
import portuguese from "./pt/index.ts?texts";

const STORED = "mirante.language";

/** Loads the texts of a language; again after a while when there is no answer. */
async function textsOf(language: Language): Promise<Texts> {
  for (let failures = 1; ; failures += 1) {
    try {
      const response = await fetch(language === "en" ? english : portuguese);
      if (response.ok) return (await response.json()) as Texts;
    } catch {
      // As if it had been refused.
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs(failures, Math.random())));
  }
}

const first: Language = localStorage.getItem(STORED) === "en" ? "en" : "pt-BR";
/** Asked for before anything is drawn, beside the session. */
const firstTexts = textsOf(first);

/** Portuguese, unless English was chosen here before. */
export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [wanted, setWanted] = useState<Language>(first);
  const [spoken, setSpoken] = useState<{ language: Language; texts: Texts }>();
  useEffect(() => {
    let current = true;
    localStorage.setItem(STORED, wanted);
    void (wanted === first ? firstTexts : textsOf(wanted)).then((texts) => {
      if (!current) return;
      document.documentElement.lang = wanted;
      setSpoken({ language: wanted, texts });
    });
    return () => {
      current = false;
    };
  }, [wanted]);
  const speech = useMemo(() => spoken && speechOf(spoken.language, spoken.texts, setWanted), [spoken]);
  return speech && <SpeechContext value={speech}>{children}</SpeechContext>;
}
