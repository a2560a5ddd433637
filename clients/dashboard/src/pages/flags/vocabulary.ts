/** Names that people are offered while they write conditions. */
import { useCall } from "../../api/hooks";
import type { Condition, FlagRecord } from "./types";

/** Attributes and segments that are known. */
export interface Vocabulary {
  readonly attributes: readonly string[];
  readonly segments: readonly string[];
}

const USUAL = ["targeting_key", "tenant_id"];

/** Returns the attributes that the flags of the environment look at, and its segments. */
export function useVocabulary(environment: string, records: readonly FlagRecord[]): Vocabulary {
  const { data } = useCall("mirante.api.flags.v1.SegmentAdminService/ListSegments", { environment, pageSize: 1000 });
  const segments = (data?.records ?? []).flatMap((record) => record.segment ?? []);
  const conditions = [
    ...records.flatMap((record) => record.flag?.rules ?? []),
    ...segments.flatMap((segment) => segment.rules),
  ].flatMap((rule) => rule.conditions);
  return {
    attributes: [...new Set([...USUAL, ...attributesOf(conditions)])].sort(),
    segments: segments.map((segment) => segment.key).sort(),
  };
}

/** Returns the attributes that conditions look at, once each. */
export function attributesOf(conditions: readonly Condition[]): string[] {
  return [...new Set(conditions.map((condition) => condition.attribute).filter((attribute) => attribute !== ""))];
}
