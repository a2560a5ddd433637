/** What a flag does, in sentences of the page's language; pure. */
import type { Message } from "../../api/methods";
import { wordOf } from "../../api/values";
import type { Speech } from "../../i18n/language";
import { WHOLE } from "./shares";

type Condition = Message<"Condition">;
type Serve = Message<"Serve">;

/** What sentences are made with. */
export type Words = Pick<Speech, "t" | "format" | "language">;

/** A piece of a sentence. All but plain text is set apart from it. */
export interface Part {
  readonly kind: "text" | "name" | "value" | "variant";
  readonly text: string;
}

const SHOWN_VALUES = 6;
const UNITS = { s: "second", m: "minute", h: "hour", d: "day", w: "week" } as const;

/** Returns the text of a sentence. */
export function plain(parts: readonly Part[]): string {
  return parts.map((part) => part.text).join("");
}

const text = (words: string): Part => ({ kind: "text", text: words });
const name = (words: string): Part => ({ kind: "name", text: words });
const variant = (words: string): Part => ({ kind: "variant", text: words });

/** One condition: "plano é premium ou gold". */
export function conditionParts(condition: Condition, words: Words): Part[] {
  const { t } = words;
  const { operator, values, attribute } = condition;
  const parts: Part[] = [];
  if (operator !== "OPERATOR_IN_SEGMENT") parts.push(name(attribute === "" ? "…" : attribute), text(" "));
  parts.push(text(t(condition.negate ? `flags.notOp.${operator}` : `flags.op.${operator}`)));
  if (operator !== "OPERATOR_EXISTS") {
    const all = operator === "OPERATOR_BETWEEN" || operator === "OPERATOR_ARRAY_ALL";
    parts.push(text(" "), ...listed(values.map((each) => valuePart(each, condition, words)), t(all ? "flags.and" : "flags.or"), words));
  }
  if (condition.ignoreCase) parts.push(text(` (${t("flags.ignoringCase")})`));
  return parts;
}

function valuePart(value: Message<"Value">, { operator }: Condition, words: Words): Part {
  const relative = operator === "OPERATOR_BEFORE" || operator === "OPERATOR_AFTER";
  return { kind: "value", text: (relative && relativeTime(value.stringValue ?? "", words)) || wordOf(value) };
}

/** "-7d" as "7 dias atrás"; empty for what is no relative time. */
function relativeTime(written: string, { t, language }: Words): string {
  const match = /^([+-])(\d+)([smhdw])$/.exec(written);
  if (match === null) return "";
  const unit = UNITS[match[3] as keyof typeof UNITS];
  const length = new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(Number(match[2]));
  return t(match[1] === "-" ? "flags.timeAgo" : "flags.timeAhead", { length });
}

/** Things with commas, and a word before the last. Of many only the first. */
function listed(things: readonly Part[], last: string, { t, format }: Words): Part[] {
  if (things.length === 0) return [{ kind: "value", text: "…" }];
  const shown = things.length > SHOWN_VALUES + 1 ? things.slice(0, SHOWN_VALUES) : things;
  const more = things.length - shown.length;
  const parts = shown.flatMap((each, index) => {
    if (index === 0) return [each];
    return [text(index === shown.length - 1 && more === 0 ? ` ${last} ` : ", "), each];
  });
  return more === 0 ? parts : [...parts, text(` ${last} ${t("flags.moreValues", { count: format.number(more) })}`)];
}

/**
 * What is served: "on", or "on, para 10% sorteados por targeting_key", or "a 50%, b 50% sorteados por tenant_id".
 *
 * @param brief - without what is drawn by
 */
export function serveParts(serve: Serve | undefined, { t, format }: Words, brief = false): Part[] {
  const rollout = serve?.rollout;
  if (rollout === undefined) return [variant(serve?.variant ?? "…")];
  const share = (weight: number) => format.percent(weight / WHOLE, 3);
  const by = rollout.bucketBy === "" ? "targeting_key" : rollout.bucketBy;
  const parts: Part[] = [];
  const only = rollout.splits.length === 1 ? rollout.splits[0] : undefined;
  if (only !== undefined) parts.push(variant(only.variant));
  else {
    rollout.splits.forEach((split, index) => {
      parts.push(...(index === 0 ? [] : [text(", ")]), variant(split.variant), text(` ${share(split.weight)}`));
    });
  }
  if (rollout.coverage !== undefined) parts.push(text(`, ${t("flags.serve.covering", { share: share(rollout.coverage) })}`));
  if (brief) return parts;
  parts.push(text(` ${t("flags.serve.by")} `), name(by));
  if (rollout.range !== undefined) {
    const { salt, start, end } = rollout.range;
    parts.push(text(`, ${t("flags.serve.range", { from: share(start), to: share(end) })} `), name(salt));
  }
  return parts;
}

/** The conditions of a rule: "se plano é premium e região é Sul". */
export function conditionsParts(conditions: readonly Condition[], words: Words): Part[] {
  const { t } = words;
  if (conditions.length === 0) return [text(t("flags.always"))];
  return conditions.flatMap((each, index) => [
    text(index === 0 ? `${t("flags.if")} ` : ` ${t("flags.and")} `),
    ...conditionParts(each, words),
  ]);
}

/** A rule: "se plano é premium → on". */
export function ruleParts(rule: Message<"Rule">, words: Words): Part[] {
  return [...conditionsParts(rule.conditions, words), text(" → "), ...serveParts(rule.serve, words)];
}

/** Individual targets: "se tenant_id é acme ou ipe → on". */
export function targetParts(target: Message<"Target">, words: Words): Part[] {
  const values = target.values.map((each): Part => ({ kind: "value", text: each }));
  const { t } = words;
  return [
    text(`${t("flags.if")} `),
    name(target.attribute === "" ? "…" : target.attribute),
    text(` ${t("flags.op.OPERATOR_IN")} `),
    ...listed(values, t("flags.or"), words),
    text(" → "),
    variant(target.variant),
  ];
}

/** A prerequisite: "nova_ui_vendas serve on". */
export function prerequisiteParts(needed: Message<"Prerequisite">, words: Words): Part[] {
  const { t } = words;
  const variants = needed.variants.map(variant);
  return [name(needed.flagKey), text(` ${t("flags.serves")} `), ...listed(variants, t("flags.or"), words)];
}
