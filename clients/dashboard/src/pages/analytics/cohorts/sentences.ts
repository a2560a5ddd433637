/** Cohorts in words; pure. */
import type { Message } from "../../../api/methods";
import type { Speech } from "../../../i18n/language";
import { OPERATORS } from "../asking/reading";

type Condition = Message<"CohortCondition">;

/** Says who is in a cohort. */
export function cohortSentence(definition: Message<"CohortDefinition"> | undefined, speech: Speech): string {
  const between = speech.t(definition?.match === "COHORT_MATCH_ANY" ? "cohorts.say.or" : "cohorts.say.and");
  return (definition?.conditions ?? []).map((each) => conditionSentence(each, speech)).join(between);
}

function conditionSentence(condition: Condition, speech: Speech): string {
  const { t, counted, format } = speech;
  const name = (selection: Message<"EventSelection"> | undefined) => selection?.event || t("explore.anyEvent");
  const { did, firstDid, trait, actors } = condition;
  if (did !== undefined) {
    const [event, days] = [name(did.selection), timeOf(did, speech)];
    if (did.atMost === 0) return t("cohorts.say.didNot", { event, days });
    const least = did.atLeast ?? (did.atMost === undefined ? 1 : 0);
    if (did.atMost !== undefined) {
      return t("cohorts.say.limited", { event, days, least: format.number(least), most: format.number(did.atMost) });
    }
    return t("cohorts.say.did", { event, days, times: format.number(least) });
  }
  if (firstDid !== undefined) return t("cohorts.say.first", { event: name(firstDid.selection), days: timeOf(firstDid, speech) });
  if (trait !== undefined) {
    const operator = OPERATORS.find((each) => each === trait.operator) ?? OPERATORS[0];
    return t("cohorts.say.trait", {
      name: trait.property?.name ?? "",
      operator: t(`explore.operator.${operator}`),
      values: trait.values.join(", "),
    });
  }
  return counted("cohorts.say.actors", actors?.actors.length ?? 0);
}

interface Timed {
  readonly days: number;
  readonly start?: string;
  readonly end?: string;
}

function timeOf({ days, start, end }: Timed, { t, format }: Speech): string {
  if (days > 0) return t("cohorts.say.days", { days: format.number(days) });
  return t(start === undefined && end === undefined ? "cohorts.say.ever" : "cohorts.say.between");
}
