/** The values of variants, as they are typed; pure. */
import type { Message } from "../../api/methods";
import { jsonOf, prettyJsonOf, type Value, valueOfJson } from "../../api/values";

type FlagType = Message<"FlagType">;

/** Returns a value as it is typed. */
export function typedOf(value: Value | undefined, type: FlagType): string {
  if (type === "FLAG_TYPE_STRING") return value?.stringValue ?? "";
  return type === "FLAG_TYPE_JSON" ? prettyJsonOf(value) : jsonOf(value);
}

/** Reads what was typed; undefined if it is no value of the type. */
export function readAs(typed: string, type: FlagType): Value | undefined {
  const text = typed.trim();
  switch (type) {
    case "FLAG_TYPE_STRING":
      return { stringValue: typed };
    case "FLAG_TYPE_INTEGER":
      return /^-?\d{1,18}$/.test(text) ? { intValue: String(BigInt(text)) } : undefined;
    case "FLAG_TYPE_DOUBLE":
      return text !== "" && Number.isFinite(Number(text)) ? { doubleValue: Number(text) } : undefined;
    case "FLAG_TYPE_BOOL":
      return text === "true" || text === "false" ? { boolValue: text === "true" } : undefined;
    default:
      return readJson(text);
  }
}

/** Values of the type JSON are lists and maps. */
function readJson(text: string): Value | undefined {
  try {
    const value = valueOfJson(JSON.parse(text));
    return value.listValue === undefined && value.mapValue === undefined ? undefined : value;
  } catch {
    return undefined;
  }
}
