/** Questions in addresses, so that what is looked at can be shared; pure. */
import type { Question, Scope } from "./question";
import { questionOf, scopeOf } from "./reading";

/** Returns a question or scope as the text of an address. */
export function textOf(of: Question | Scope): string {
  return JSON.stringify(of);
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

/** Reads a question out of the text of an address; undefined when there is none. */
export function questionOfText(text: string | null): Question | undefined {
  return questionOf(parsed(text));
}

/** Reads a scope out of the text of an address. */
export function scopeOfText(text: string | null): Scope {
  return scopeOf(parsed(text));
}

/** Returns the address of a page with one more parameter, or without it when there is no value. */
export function addressWith(path: string, search: string, name: string, value: string | undefined): string {
  const parameters = new URLSearchParams(search);
  if (value === undefined) parameters.delete(name);
  else parameters.set(name, value);
  return `${path}?${parameters.toString()}`;
}
