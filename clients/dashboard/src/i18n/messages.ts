/**
 * The texts of the pages. Portuguese is what the keys are made from; a text that English lacks, or a parameter that a
 * caller forgets, does not compile.
 */
import type { texts as pt } from "./pt";

/** A language that the pages speak, as BCP 47 names it. */
export type Language = "pt-BR" | "en";

/** What names a text. */
export type MessageKey = keyof typeof pt;

/** The names in braces of a text. */
type Names<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;

/** What a text has to be given: nothing when it has no braces. */
export type Parameters<Key extends MessageKey> = [Names<(typeof pt)[Key]>] extends [never]
  ? []
  : [values: Record<Names<(typeof pt)[Key]>, string | number>];

/** Those texts that need nothing. */
export type PlainKey = { [Key in MessageKey]: Parameters<Key> extends [] ? Key : never }[MessageKey];

/** The stem of a pair of texts, `stem_one` and `stem_other`, of which a count chooses. */
export type CountedKey = MessageKey extends infer Key ? (Key extends `${infer Stem}_one` ? Stem : never) : never;

/** A text for every key. */
export type Texts = Readonly<Record<MessageKey, string>>;

/**
 * Puts values into a text.
 *
 * @param text - a text with names in braces
 * @param values - by name; a name without a value stays as it is
 */
export function filled(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
