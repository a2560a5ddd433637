/** What differs between two versions of a flag, and how two people's changes go together; pure. */
import type { Message } from "../../api/methods";
import { jsonOf } from "../../api/values";
import { plain, prerequisiteParts, ruleParts, serveParts, type Words } from "./sentences";

type Flag = Message<"Flag">;

/** The fields that people change, in the order in which they are shown. */
export const FIELDS = [
  "on",
  "rules",
  "fallthrough",
  "offVariant",
  "targets",
  "prerequisites",
  "startsAt",
  "endsAt",
  "variants",
  "clientVisible",
  "description",
  "owner",
  "tags",
] as const satisfies readonly (keyof Flag)[];

/** One of them. */
export type Field = (typeof FIELDS)[number];

/** One difference; a side is empty when it was not there. */
export interface Change {
  readonly label: string;
  readonly before: string;
  readonly after: string;
}

/** Returns differences as a service tells them, which names them by their paths. */
export function namedByPath(changes: readonly Message<"FieldChange">[]): Change[] {
  return changes.map(({ path, before, after }) => ({ label: path, before, after }));
}

/** Whether two values of JSON are equal. Members may stand in any order; undefined ones do not count. */
export function same(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) || Array.isArray(other)) {
    if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
    return one.every((each, index) => same(each, other[index]));
  }
  const [a, b] = [one as Record<string, unknown>, other as Record<string, unknown>];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((name) => same(a[name], b[name]));
}

/** Returns the fields in which two versions differ. */
export function changedFields(before: Flag, after: Flag): Field[] {
  return FIELDS.filter((field) => !same(before[field], after[field]));
}

/** Two people's changes to one version. */
export interface Merge {
  /** Theirs, with mine in the fields that only I have changed. */
  readonly flag: Flag;
  /** Fields that both have changed, and not alike. */
  readonly contested: readonly Field[];
}

/** Puts my changes of `base` onto their newer version. Nothing of theirs is lost. */
export function merged(base: Flag, mine: Flag, theirs: Flag): Merge {
  const own = changedFields(base, mine);
  const other = new Set(changedFields(base, theirs));
  const contested = own.filter((field) => other.has(field) && !same(mine[field], theirs[field]));
  return { flag: withFields(theirs, mine, own.filter((field) => !other.has(field))), contested };
}

/** Returns a flag with some fields of another one. */
export function withFields(flag: Flag, from: Flag, fields: readonly Field[]): Flag {
  const next: Record<string, unknown> = { ...flag };
  for (const field of fields) {
    if (from[field] === undefined) Reflect.deleteProperty(next, field);
    else next[field] = from[field];
  }
  return next as unknown as Flag;
}

/** Returns what differs, in words. */
export function changesOf(before: Flag, after: Flag, words: Words): Change[] {
  return changedFields(before, after).flatMap((field) => changesIn(field, before, after, words));
}

function changesIn(field: Field, before: Flag, after: Flag, words: Words): Change[] {
  const { t } = words;
  const label = t(`flags.field.${field}`);
  switch (field) {
    case "rules": {
      const lines = (flag: Flag) => new Map(flag.rules.map((rule) => [rule.id, ruleLine(rule, words)]));
      const changes = ofLines(t("flags.rule"), lines(before), lines(after));
      const order = (flag: Flag, other: Flag) =>
        flag.rules.map((rule) => rule.id).filter((id) => other.rules.some((each) => each.id === id)).join(", ");
      const [old, now] = [order(before, after), order(after, before)];
      return old === now ? changes : [...changes, { label: t("flags.field.order"), before: old, after: now }];
    }
    case "variants": {
      const lines = (flag: Flag) =>
        new Map(flag.variants.map((each) => [each.name, [jsonOf(each.value), each.description].filter(Boolean).join(" · ")]));
      return ofLines(label, lines(before), lines(after));
    }
    case "targets": {
      const lines = (flag: Flag) =>
        new Map(flag.targets.map((each) => [`${each.attribute} → ${each.variant}`, each.values.join(", ")]));
      return ofLines(label, lines(before), lines(after));
    }
    case "prerequisites": {
      const lines = (flag: Flag) =>
        new Map(flag.prerequisites.map((each) => [each.flagKey, plain(prerequisiteParts(each, words))]));
      return ofLines(label, lines(before), lines(after));
    }
    default:
      return [{ label, before: textOf(field, before, words), after: textOf(field, after, words) }];
  }
}

type SimpleField = Exclude<Field, "rules" | "variants" | "targets" | "prerequisites">;

function textOf(field: SimpleField, flag: Flag, words: Words): string {
  const { t, format } = words;
  switch (field) {
    case "on":
      return t(flag.on ? "flags.state.on" : "flags.state.off");
    case "clientVisible":
      return t(flag.clientVisible ? "flags.yes" : "flags.no");
    case "fallthrough":
      return plain(serveParts(flag.fallthrough, words));
    case "startsAt":
    case "endsAt":
      return flag[field] === undefined ? "" : format.dateTime(new Date(flag[field]), new Date(0));
    case "tags":
      return flag.tags.join(", ");
    default:
      return flag[field];
  }
}

function ruleLine(rule: Message<"Rule">, words: Words): string {
  const sentence = plain(ruleParts(rule, words));
  return rule.description === "" ? sentence : `${sentence} · ${rule.description}`;
}

/** Differences of things that have names: added, gone or changed. */
function ofLines(label: string, before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Change[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names
    .map((name) => ({ label: `${label} ${name}`, before: before.get(name) ?? "", after: after.get(name) ?? "" }))
    .filter((change) => change.before !== change.after);
}
