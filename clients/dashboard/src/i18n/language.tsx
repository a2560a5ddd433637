/** The language of the pages, as a context: what speaks it, and the switch. */
import { createContext, type ReactNode, use, useEffect, useMemo, useState } from "react";
import { type Format, formatOf } from "./format";
import { type CountedKey, filled, type Language, MESSAGES, type MessageKey, type Parameters } from "./messages";

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

/** Returns what speaks one language. */
export function speechOf(language: Language, setLanguage: (language: Language) => void = () => undefined): Speech {
  const texts = MESSAGES[language];
  const plural = new Intl.PluralRules(language);
  const format = formatOf(language);
  return {
    language,
    setLanguage,
    format,
    t: (key, ...values) => filled(texts[key], values[0] ?? {}),
    counted: (stem, count) => {
      const form = plural.select(count) === "one" ? "one" : "other";
      return filled(texts[`${stem}_${form}` as MessageKey], { count: format.number(count) });
    },
  };
}

/** Portuguese, unless English was chosen here before. */
export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(() => (localStorage.getItem(STORED) === "en" ? "en" : "pt-BR"));
  useEffect(() => {
    document.documentElement.lang = language;
    localStorage.setItem(STORED, language);
  }, [language]);
  const speech = useMemo(() => speechOf(language, setLanguage), [language]);
  return <SpeechContext value={speech}>{children}</SpeechContext>;
}

/** Returns what speaks the chosen language. */
export function useSpeech(): Speech {
  const speech = use(SpeechContext);
  if (speech === null) throw new Error("outside of LanguageProvider");
  return speech;
}
