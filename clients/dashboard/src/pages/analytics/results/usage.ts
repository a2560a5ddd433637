/** What the reports on use say; pure. */
import type { Message } from "../../../api/methods";
import type { Speech } from "../../../i18n/language";
import { count, type Question } from "../asking/question";
import { valuesNote } from "./journey";
import { DRAWN_GROUPS } from "./charts";
import { bucketName, type Fact, groupName, type ResultTable, type ResultText } from "./model";

/** Returns what the use of features says. */
export function featureUseText(result: Message<"FeatureUseResult">, { t }: Speech): ResultText {
  const table = (title: string, features: readonly Message<"Feature">[]): ResultTable => ({
    title,
    columns: [
      { title: t("ana.column.event"), format: "text" },
      { title: t("ana.column.people"), format: "count" },
      { title: t("ana.column.shareOfAll"), format: "share" },
      { title: t("ana.column.uses"), format: "count" },
    ],
    rows: features.map((each) => [each.event, count(each.users), each.share, count(each.uses)]),
  });
  return {
    facts: [
      { label: t("ana.fact.activePeople"), value: count(result.users), format: "count" },
      { label: t("ana.fact.featuresUsed"), value: count(result.used), format: "count" },
      { label: t("ana.fact.featuresUnused"), value: result.unused.length, format: "count" },
    ],
    tables: [table(t("ana.features.byUsers"), result.byUsers), table(t("ana.features.byUses"), result.byUses)],
    notes: [],
  };
}

/** Returns what the time until the first use says. */
export function firstUseText(result: Message<"FirstUseResult">, { t }: Speech): ResultText {
  return {
    facts: [{ label: t("ana.fact.began"), value: count(result.actors), format: "count" }],
    tables: [
      {
        title: t("ana.firstUse.features"),
        columns: [
          { title: t("ana.column.event"), format: "text" },
          { title: t("ana.column.people"), format: "bar" },
          { title: t("ana.column.shareOfBegan"), format: "share" },
          { title: t("ana.fact.median"), format: "seconds" },
          { title: t("ana.fact.p90"), format: "seconds" },
        ],
        rows: result.features.map((each) => [each.event, count(each.users), each.share, each.time?.median, each.time?.p90]),
      },
    ],
    notes: [],
  };
}

/** The property of the currency of a sum, as the catalogue of vendas has it. */
const CURRENCY = "moeda";

/** Returns the totals of a series: money by its currency when it is split by that. */
function totalsOf(result: Message<"SeriesResult">, question: Question["series"], { t }: Speech): Fact[] {
  const isMoney = question?.measure === "SERIES_MEASURE_SUM" && question.breakdown?.property?.name === CURRENCY;
  const money = result.groups.flatMap(({ group, total }): Fact[] =>
    group?.value === undefined ? [] : [{ label: t("ana.fact.total"), value: total, format: "money", currency: group.value }],
  );
  return isMoney && money.length > 0 ? money : [{ label: t("ana.fact.total"), value: result.total, format: "decimal" }];
}

/** Returns what a series says. Numbers are decimals: sums of money keep their cents. */
export function seriesText(result: Message<"SeriesResult">, speech: Speech, question?: Question["series"]): ResultText {
  const { t } = speech;
  const grouped = result.groups.length > 0;
  const points: ResultTable = {
    title: t("ana.series.points"),
    columns: [
      { title: t("ana.column.bucket"), format: "text" },
      ...(grouped
        ? result.groups.map((each) => ({ title: groupName(each.group, speech), format: "decimal" as const }))
        : [{ title: t("ana.column.value"), format: "decimal" as const }]),
    ],
    rows: result.points.map((point, index) => [
      bucketName(point.label, point.incomplete, speech),
      ...(grouped ? result.groups.map((each) => each.points[index]?.value) : [point.value]),
    ]),
  };
  const totals: ResultTable = {
    title: t("ana.series.totals"),
    columns: [
      { title: t("ana.column.group"), format: "text" },
      { title: t("ana.column.total"), format: "bar" },
    ],
    rows: result.groups.map((each) => [groupName(each.group, speech), each.total]),
  };
  return {
    facts: totalsOf(result, question, speech),
    tables: grouped ? [totals, points] : [points],
    notes: [
      ...valuesNote(result.values, result.groups.length, speech),
      ...(result.groups.length > DRAWN_GROUPS ? [t("ana.series.topOnly")] : []),
    ],
  };
}

/** Returns what stickiness says. */
export function stickinessText(result: Message<"StickinessResult">, { t }: Speech): ResultText {
  const power = result.power;
  return {
    facts: [
      { label: t("ana.fact.dayToMonth"), value: result.dayToMonth, format: "share" },
      { label: t("ana.fact.powerUsers", { from: result.powerFrom }), value: power?.actorShare, format: "share" },
      { label: t("ana.fact.powerEvents"), value: power?.eventShare, format: "share" },
    ],
    tables: [
      {
        title: t("ana.stickiness.distribution"),
        columns: [
          { title: t("ana.column.units"), format: "text" },
          { title: t("ana.column.people"), format: "bar" },
          { title: t("ana.column.orMore"), format: "count" },
          { title: t("ana.column.events"), format: "count" },
        ],
        rows: result.distribution.map((each) => [
          String(each.units),
          count(each.actors),
          count(each.orMore),
          count(each.events),
        ]),
      },
    ],
    notes: [],
  };
}

/** Returns what the lifecycle says. */
export function lifecycleText(result: Message<"LifecycleResult">, speech: Speech): ResultText {
  const { t } = speech;
  const last = result.buckets.findLast((each) => !each.incomplete);
  return {
    facts: [
      { label: t("ana.lifecycle.new"), value: last && count(last.new), format: "count" },
      { label: t("ana.lifecycle.returning"), value: last && count(last.returning), format: "count" },
      { label: t("ana.lifecycle.resurrecting"), value: last && count(last.resurrecting), format: "count" },
      { label: t("ana.lifecycle.dormant"), value: last && count(last.dormant), format: "count" },
    ],
    tables: [
      {
        title: t("ana.lifecycle.buckets"),
        columns: [
          { title: t("ana.column.bucket"), format: "text" },
          { title: t("ana.lifecycle.new"), format: "count" },
          { title: t("ana.lifecycle.returning"), format: "count" },
          { title: t("ana.lifecycle.resurrecting"), format: "count" },
          { title: t("ana.lifecycle.dormant"), format: "count" },
        ],
        rows: result.buckets.map((each) => [
          bucketName(each.label, each.incomplete, speech),
          count(each.new),
          count(each.returning),
          count(each.resurrecting),
          count(each.dormant),
        ]),
      },
    ],
    notes: last === undefined ? [] : [t("ana.note.lastWhole", { label: bucketName(last.label, false, speech) })],
  };
}
