/** Who asks for a flag, as fields and as JSON; pure. */
import { fieldsOfJson, type Value, valueOfWord, wordOf } from "../../api/values";

/** Who asks: the targeting key, and attributes as they are typed. */
export interface Asker {
  readonly targetingKey: string;
  readonly attributes: readonly Attribute[];
}

/** One attribute; its value is a word as YAML reads it. */
export interface Attribute {
  readonly name: string;
  readonly word: string;
}

/** What is asked with. */
export interface Context {
  readonly targetingKey: string;
  readonly attributes: Record<string, Value>;
}

/** Returns the context of fields. Attributes without a name or value are not there. */
export function contextOf({ targetingKey, attributes }: Asker): Context {
  const given = attributes.filter((each) => each.name.trim() !== "" && each.word.trim() !== "");
  return {
    targetingKey: targetingKey.trim(),
    attributes: Object.fromEntries(given.map((each) => [each.name.trim(), valueOfWord(each.word.trim())])),
  };
}

/** Reads a context in JSON; `targeting_key` is one of its members. Undefined for what is no JSON object. */
export function contextOfJson(text: string): Context | undefined {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json !== "object" || json === null || Array.isArray(json)) return undefined;
    const { targeting_key: key, ...attributes } = fieldsOfJson(json);
    return { targetingKey: key === undefined ? "" : (key.stringValue ?? wordOf(key)), attributes };
  } catch {
    return undefined;
  }
}
