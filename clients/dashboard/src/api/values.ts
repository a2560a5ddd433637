/** Values of the contracts, as text that people read and write; pure. */
import type { Message } from "./methods";

/** A value that can have any type. One that is empty is null. */
export type Value = Message<"Value">;

/** Returns a value as JSON. Integers keep all their digits. */
export function jsonOf(value: Value | undefined): string {
  if (value?.stringValue !== undefined) return JSON.stringify(value.stringValue);
  if (value?.boolValue !== undefined) return String(value.boolValue);
  if (value?.intValue !== undefined) return value.intValue;
  if (value?.doubleValue !== undefined) return String(value.doubleValue);
  if (value?.listValue !== undefined) return `[${value.listValue.values.map(jsonOf).join(", ")}]`;
  if (value?.mapValue !== undefined) {
    const fields = Object.entries(value.mapValue.fields);
    return `{${fields.map(([name, each]) => `${JSON.stringify(name)}: ${jsonOf(each)}`).join(", ")}}`;
  }
  return "null";
}

/** Returns a value as JSON over several lines. */
export function prettyJsonOf(value: Value | undefined, indent = ""): string {
  const inner = `${indent}  `;
  const lines = (parts: readonly string[], [open, close]: readonly [string, string]) =>
    parts.length === 0 ? `${open}${close}` : `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${indent}${close}`;
  if (value?.listValue !== undefined) {
    return lines(value.listValue.values.map((each) => prettyJsonOf(each, inner)), ["[", "]"]);
  }
  if (value?.mapValue !== undefined) {
    const fields = Object.entries(value.mapValue.fields);
    return lines(fields.map(([name, each]) => `${JSON.stringify(name)}: ${prettyJsonOf(each, inner)}`), ["{", "}"]);
  }
  return jsonOf(value);
}

/** Returns a value as YAML writes it: a string without quotes, unless it would be read as something else. */
export function wordOf(value: Value | undefined): string {
  const text = value?.stringValue;
  if (text === undefined) return jsonOf(value);
  return valueOfWord(text).stringValue === text ? text : JSON.stringify(text);
}

/** Reads a value as YAML does: true, 12 and 1.5 are what they look like, what stands in quotes is a string, the rest too. */
export function valueOfWord(word: string): Value {
  if (word === "true" || word === "false") return { boolValue: word === "true" };
  if (/^-?\d{1,18}$/.test(word)) return { intValue: String(BigInt(word)) };
  if (/^-?\d+\.\d+$/.test(word)) return { doubleValue: Number(word) };
  if (/^".*"$/s.test(word)) {
    try {
      return { stringValue: String(JSON.parse(word)) };
    } catch {
      // Quotes that are none are part of the text.
    }
  }
  return { stringValue: word };
}

/**
 * Returns what JSON has been parsed to as a value.
 *
 * @throws RangeError for an integer that JavaScript cannot hold exactly
 */
export function valueOfJson(json: unknown): Value {
  if (typeof json === "string") return { stringValue: json };
  if (typeof json === "boolean") return { boolValue: json };
  if (typeof json === "number") return valueOfNumber(json);
  if (Array.isArray(json)) return { listValue: { values: json.map(valueOfJson) } };
  if (typeof json === "object" && json !== null) return { mapValue: { fields: fieldsOfJson(json) } };
  return {};
}

/**
 * Returns the members of an object as values.
 *
 * @throws RangeError as `valueOfJson` does
 */
export function fieldsOfJson(json: object): Record<string, Value> {
  return Object.fromEntries(Object.entries(json).map(([name, each]) => [name, valueOfJson(each)]));
}

function valueOfNumber(number: number): Value {
  if (!Number.isInteger(number)) return { doubleValue: number };
  if (!Number.isSafeInteger(number)) throw new RangeError(String(number));
  return { intValue: String(number) };
}
