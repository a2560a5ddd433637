/** What the reports on revenue and on those who stay away say; pure. */
import type { Message } from "../../../api/methods";
import type { Speech } from "../../../i18n/language";
import type { PlainKey } from "../../../i18n/messages";
import { count } from "../asking/question";
import type { Cell, Fact, ResultTable, ResultText } from "./model";

const FACTS: Readonly<Record<string, PlainKey>> = {
  recency: "ana.churn.recency",
  frequency: "ana.churn.frequency",
  trend: "ana.churn.trend",
  tenure: "ana.churn.tenure",
  breadth: "ana.churn.breadth",
  errors: "ana.churn.errors",
};

/** Returns how the use of a feature and revenue go together. */
export function associationText(result: Message<"RevenueAssociationResult">, speech: Speech): ResultText {
  const { t, counted, format } = speech;
  const currency = result.currency ?? "";
  const money = (value: number | undefined): Cell => (value === undefined ? undefined : format.money(value, currency));
  const difference = (label: string, value: Message<"RevenueDifference"> | undefined): Fact => ({
    label,
    value: value?.value,
    format: "money",
    currency,
  });
  const sides: ResultTable = {
    title: t("ana.revenue.sides"),
    always: true,
    columns: [
      { title: t("ana.column.what"), format: "text" },
      { title: t("ana.revenue.units"), format: "count" },
      { title: t("ana.revenue.paying"), format: "count" },
      { title: t("ana.revenue.mean"), format: "written" },
    ],
    rows: [
      [t("ana.revenue.users"), count(result.users?.units), count(result.users?.paying), money(result.users?.mean)],
      [t("ana.revenue.others"), count(result.others?.units), count(result.others?.paying), money(result.others?.mean)],
    ],
  };
  const strata: ResultTable = {
    title: t("ana.revenue.strata"),
    columns: [
      { title: t("ana.revenue.activity"), format: "text" },
      { title: t("ana.revenue.soFar"), format: "text" },
      { title: t("ana.revenue.users"), format: "count" },
      { title: t("ana.revenue.usersMean"), format: "written" },
      { title: t("ana.revenue.others"), format: "count" },
      { title: t("ana.revenue.othersMean"), format: "written" },
    ],
    rows: result.strata.map((each) => [
      `${format.number(each.leastActivity)}–${format.number(each.mostActivity)}${each.compared ? "" : " *"}`,
      t(`ana.revenue.soFar.${each.soFar}`),
      count(each.users),
      money(each.usersMean),
      count(each.others),
      money(each.othersMean),
    ]),
  };
  return {
    facts: [
      difference(t("ana.revenue.adjusted"), result.adjusted),
      difference(t("ana.revenue.plain"), result.plain),
      { label: t("ana.revenue.units"), value: count(result.units), format: "count" },
    ],
    tables: [sides, strata],
    silent: result.silence !== undefined,
    notes: [
      t("ana.revenue.noCause"),
      ...(result.silence === undefined ? [] : [t("ana.note.silence", { reason: result.silence })]),
      ...(result.incomplete ? [t("ana.revenue.incomplete")] : []),
      ...(count(result.otherSales) > 0 ? [counted("ana.note.otherSales", count(result.otherSales))] : []),
      ...(result.strata.some((each) => !each.compared) ? [t("ana.revenue.notCompared")] : []),
    ],
  };
}

/** Returns who is likely to stay away, and how good the model that says so is. */
export function churnText(result: Message<"ChurnResult">, speech: Speech): ResultText {
  const { t, format } = speech;
  const { validation, model } = result;
  const name = (fact: string) => (FACTS[fact] === undefined ? fact : t(FACTS[fact]));
  const reason = ({ fact, value, typical }: Message<"ChurnReason">) =>
    t("ana.churn.reason", { fact: name(fact), value: format.number(value, 1), typical: format.number(typical, 1) });
  const people: ResultTable = {
    title: t("ana.churn.people"),
    always: true,
    columns: [
      { title: t("ana.column.user"), format: "text" },
      { title: t("ana.column.tenant"), format: "text" },
      { title: t("ana.churn.probability"), format: "share" },
      { title: t("ana.churn.reasons"), format: "text" },
    ],
    rows: result.people.map((each) => [
      each.userId ?? t("ana.funnel.anonymous"),
      each.tenant,
      each.score?.probability,
      each.score?.reasons.map(reason).join("; "),
    ]),
  };
  const calibration: ResultTable = {
    title: t("ana.churn.calibration"),
    columns: [
      { title: t("ana.churn.tenth"), format: "text" },
      { title: t("ana.column.people"), format: "count" },
      { title: t("ana.churn.predicted"), format: "share" },
      { title: t("ana.churn.observed"), format: "share" },
    ],
    rows: (validation?.calibration ?? []).map((each, index) => [
      String(index + 1),
      count(each.count),
      each.predicted,
      each.observed,
    ]),
  };
  const weights: ResultTable = {
    title: t("ana.churn.weights"),
    columns: [
      { title: t("ana.churn.fact"), format: "text" },
      { title: t("ana.churn.coefficient"), format: "decimal" },
    ],
    rows: (model?.weights ?? []).map((each) => [name(each.fact), each.coefficient]),
  };
  const area = (auc: Message<"AreaUnderCurve">) =>
    `${format.number(auc.value, 2)} (${t("ana.interval", { low: format.number(auc.low, 2), high: format.number(auc.high, 2) })})`;
  return {
    facts: [
      { label: t("ana.churn.expected"), value: result.expected, format: "share" },
      { label: t("ana.churn.scored"), value: count(result.scored), format: "count" },
      { label: t("ana.churn.auc"), value: validation?.auc?.value, format: "decimal" },
      { label: t("ana.churn.baseRate"), value: validation?.baseRate, format: "share" },
    ],
    tables: [people, calibration, weights].filter((each) => each.rows.length > 0),
    silent: result.silence !== undefined,
    notes: [
      ...(result.silence === undefined ? [] : [t("ana.note.silence", { reason: result.silence })]),
      ...(validation?.auc === undefined || validation.recencyAuc === undefined
        ? []
        : [
            t("ana.churn.validated", {
              people: format.number(result.validatedOn),
              auc: area(validation.auc),
              recency: area(validation.recencyAuc),
            }),
            t("ana.churn.brier", { brier: format.number(validation.brier, 3), base: format.number(validation.baseBrier, 3) }),
          ]),
    ],
  };
}
