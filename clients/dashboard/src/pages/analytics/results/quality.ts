/** What the reports on quality and satisfaction say; pure. */
import type { Message } from "../../../api/methods";
import type { Speech } from "../../../i18n/language";
import { count, type Property } from "../asking/question";
import { bucketName, type Cell, type ResultText } from "./model";

/** Writes a percentile of a web vital: CLS has no unit, all others are milliseconds. */
export function vitalText(vital: string, value: number, { format }: Speech): string {
  if (vital === "CLS") return format.number(value, 2);
  return value >= 1000 ? `${format.number(value / 1000, 2)} s` : `${format.number(value)} ms`;
}

const RATINGS = ["VITAL_RATING_POOR", "VITAL_RATING_NEEDS_IMPROVEMENT"];

/** Poor ones first; of one rating, those with most measurements. */
function slowestFirst(rows: readonly Message<"VitalRow">[]): Message<"VitalRow">[] {
  const rank = (row: Message<"VitalRow">) => (RATINGS.indexOf(row.rating) + RATINGS.length + 1) % (RATINGS.length + 1);
  return rows.toSorted((one, other) => rank(one) - rank(other) || count(other.count) - count(one.count));
}

/** Returns what web vitals say. */
export function webVitalsText(result: Message<"WebVitalsResult">, speech: Speech): ResultText {
  const { t, counted } = speech;
  return {
    facts: [],
    tables: [
      {
        title: t("ana.vitals.rows"),
        columns: [
          { title: t("ana.column.page"), format: "text" },
          { title: t("ana.column.vital"), format: "text" },
          { title: t("ana.column.device"), format: "text" },
          { title: "p75", format: "written" },
          { title: t("ana.column.rating"), format: "rating" },
          { title: "p50", format: "written" },
          { title: "p95", format: "written" },
          { title: t("ana.column.measurements"), format: "count" },
        ],
        rows: slowestFirst(result.rows).map((each) => [
          each.page ?? t("ana.absent"),
          each.vital,
          each.device ?? t("ana.absent"),
          vitalText(each.vital, each.p75, speech),
          each.rating,
          vitalText(each.vital, each.p50, speech),
          vitalText(each.vital, each.p95, speech),
          count(each.count),
        ]),
      },
    ],
    notes: [
      ...moreRows(result.count, result.rows.length, speech),
      ...(count(result.implausible) > 0 ? [counted("ana.note.implausible", count(result.implausible))] : []),
    ],
  };
}

function moreRows(all: string, shown: number, { counted }: Speech): string[] {
  return count(all) > shown ? [counted("ana.note.rows", count(all))] : [];
}

/**
 * Returns what occurs most.
 *
 * @param properties - of the question, which name the columns
 */
export function topValuesText(
  result: Message<"TopValuesResult">,
  speech: Speech,
  properties: readonly Property[] = [],
): ResultText {
  const { t } = speech;
  const width = Math.max(1, properties.length, ...result.rows.map((each) => each.values.length));
  const names = Array.from({ length: width }, (_, index) => properties[index]?.name ?? t("ana.column.value"));
  return {
    facts: [{ label: t("ana.fact.events"), value: count(result.events), format: "count" }],
    tables: [
      {
        title: t("ana.values.rows"),
        columns: [
          ...names.map((title) => ({ title, format: "text" as const })),
          { title: t("ana.column.events"), format: "bar" },
          { title: t("ana.column.people"), format: "count" },
          { title: t("ana.column.firstSeen"), format: "moment" },
          { title: t("ana.column.lastSeen"), format: "moment" },
        ],
        rows: result.rows.map((each): Cell[] => [
          ...names.map((_, index) => each.values[index]?.text ?? t("ana.absent")),
          count(each.events),
          count(each.actors),
          each.firstSeen,
          each.lastSeen,
        ]),
      },
    ],
    notes: moreRows(result.count, result.rows.length, speech),
  };
}

/** Returns who has problems. */
export function problemsText(result: Message<"ProblemsResult">, speech: Speech): ResultText {
  const { t } = speech;
  const worse = result.rows.filter((each) => each.isWorse).length;
  return {
    facts: [{ label: t("ana.fact.worse"), value: worse, format: "count" }],
    tables: [
      {
        title: t("ana.problems.rows"),
        columns: [
          { title: t("ana.column.value"), format: "text" },
          { title: t("ana.column.people"), format: "count" },
          { title: t("ana.column.rate"), format: "share" },
          { title: t("ana.column.rest"), format: "share" },
          { title: t("ana.column.difference"), format: "interval" },
        ],
        rows: result.rows.map((each): Cell[] => [
          each.value,
          count(each.users),
          each.rate,
          each.restRate,
          each.low === undefined || each.high === undefined
            ? undefined
            : { at: each.difference ?? 0, low: each.low, high: each.high, isWorse: each.isWorse },
        ]),
      },
    ],
    notes: [t("ana.note.interval"), ...moreRows(result.count, result.rows.length, speech)],
  };
}

/** Returns what people think. */
export function npsText(result: Message<"NpsResult">, speech: Speech): ResultText {
  const { t, counted, format } = speech;
  const whole = result.whole;
  return {
    facts: [
      { label: t("ana.fact.nps"), value: whole?.score, format: "score" },
      { label: t("ana.nps.promoters"), value: whole && count(whole.promoters), format: "count" },
      { label: t("ana.nps.passives"), value: whole && count(whole.passives), format: "count" },
      { label: t("ana.nps.detractors"), value: whole && count(whole.detractors), format: "count" },
    ],
    tables: [
      {
        title: t("ana.nps.buckets"),
        columns: [
          { title: t("ana.column.bucket"), format: "text" },
          { title: t("ana.fact.nps"), format: "score" },
          { title: t("ana.nps.promoters"), format: "count" },
          { title: t("ana.nps.passives"), format: "count" },
          { title: t("ana.nps.detractors"), format: "count" },
        ],
        rows: result.buckets.map(({ label, answers, incomplete }) => [
          bucketName(label, incomplete, speech),
          answers?.score,
          answers && count(answers.promoters),
          answers && count(answers.passives),
          answers && count(answers.detractors),
        ]),
      },
    ],
    notes: [
      ...(whole?.low === undefined || whole.high === undefined
        ? []
        : [t("ana.note.npsInterval", { low: format.number(whole.low, 1), high: format.number(whole.high, 1) })]),
      ...(count(result.rejected) > 0 ? [counted("ana.note.rejected", count(result.rejected))] : []),
    ],
  };
}
