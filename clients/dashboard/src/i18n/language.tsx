/** The language of the pages, as a context: what speaks it, and the switch. */
import { createContext, type ReactNode, use, useEffect, useMemo, useState } from "react";
import { type Format, formatOf } from "./format";
import english from "./en/index.ts?texts";
import {
  type CountedKey,
  filled,
  type Language,
  type MessageKey,
  type Parameters,
  PORTUGUESE,
  type Texts,
} from "./messages";

const STORED = "mirante.language";

/** What a component needs to speak. */
export interface Speech {
  readonly language: Language;
  readonly setLanguage: (language: Language) => void;
  /** The text of a key, with its values. */
  readonly t: <Key extends MessageKey>(key: Key, ...values: Parameters<Key>) => string;
  /** The text of a count; `{count}` is filled with the number. */
  readonly counted: (stem: CountedKey, count: number) => string;
  readonly format: Format;
}

const SpeechContext = createContext<Speech | null>(null);

/** Returns what speaks one language with its texts. */
export function speechOf(
  language: Language,
  texts: Texts,
  setLanguage: (language: Language) => void = () => undefined,
): Speech {
  const plural = new Intl.PluralRules(language);
  const format = formatOf(language);
  return {
    language,
    setLanguage,
    format,
    t: (key, ...values) => filled(texts[key], values[0] ?? {}),
    counted: (stem, count) => {
      // By its rules Portuguese counts "0 alerta"; people write "0 alertas".
      const form = count !== 0 && plural.select(count) === "one" ? "one" : "other";
      return filled(texts[`${stem}_${form}` as MessageKey], { count: format.number(count) });
    },
  };
}

async function textsOf(language: Language): Promise<Texts> {
  if (language === "pt-BR") return PORTUGUESE;
  return (await (await fetch(english)).json()) as Texts;
}

/** Portuguese, unless English was chosen here before. When its texts cannot be loaded, Portuguese stays. */
export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [wanted, setWanted] = useState<Language>(() => (localStorage.getItem(STORED) === "en" ? "en" : "pt-BR"));
  const [spoken, setSpoken] = useState<{ language: Language; texts: Texts } | undefined>(
    wanted === "pt-BR" ? { language: wanted, texts: PORTUGUESE } : undefined,
  );
  useEffect(() => {
    let current = true;
    localStorage.setItem(STORED, wanted);
    textsOf(wanted).then(
      (texts) => current && setSpoken({ language: wanted, texts }),
      () => {
        if (!current) return;
        setSpoken((before) => before ?? { language: "pt-BR", texts: PORTUGUESE });
        setWanted("pt-BR");
      },
    );
    return () => {
      current = false;
    };
  }, [wanted]);
  const speech = useMemo(() => spoken && speechOf(spoken.language, spoken.texts, setWanted), [spoken]);
  useEffect(() => {
    if (spoken !== undefined) document.documentElement.lang = spoken.language;
  }, [spoken]);
  return speech && <SpeechContext value={speech}>{children}</SpeechContext>;
}

/** Returns what speaks the chosen language. */
export function useSpeech(): Speech {
  const speech = use(SpeechContext);
  if (speech === null) throw new Error("outside of LanguageProvider");
  return speech;
}
