/** What components speak with: the texts, numbers and times of the chosen language. */
import { createContext, use } from "react";
import { type Format, formatOf } from "./format";
import { type CountedKey, filled, type Language, type MessageKey, type Parameters, type Texts } from "./messages";

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

/** Holds what speaks. */
export const SpeechContext = createContext<Speech | null>(null);

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

/** Returns what speaks the chosen language. */
export function useSpeech(): Speech {
  const speech = use(SpeechContext);
  if (speech === null) throw new Error("outside of LanguageProvider");
  return speech;
}
