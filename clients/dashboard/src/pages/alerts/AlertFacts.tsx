import type { ReactNode } from "react";
import type { Message } from "../../api/methods";
import { useSpeech } from "../../i18n/language";
import { namedValue } from "../live/names";
import { evidenceOf } from "./evidence";

/** What is known of an alert, as a list of terms. */
export function AlertFacts({ alert }: { readonly alert: Message<"Alert"> }) {
  const speech = useSpeech();
  const { t, format } = speech;
  const now = new Date();
  const write = (value: string) => namedValue(alert.metric, alert.currency, value, format);
  const at = (time: string | undefined) => (time === undefined ? undefined : format.dateTime(new Date(time), now));
  const byAt = (by: string, time: string | undefined) =>
    time === undefined ? undefined : t("alerts.detail.byAt", { by, at: at(time) ?? "" });
  const { lowerBound: low, upperBound: high } = alert;
  const range =
    low !== "" && high !== ""
      ? t("alerts.detail.between", { low: write(low), high: write(high) })
      : low !== ""
        ? t("alerts.detail.atLeast", { low: write(low) })
        : high !== ""
          ? t("alerts.detail.atMost", { high: write(high) })
          : undefined;
  const facts: readonly (readonly [string, ReactNode])[] = [
    [t("alerts.detail.observed"), <strong key="observed">{write(alert.observed)}</strong>],
    [t("alerts.detail.expected"), alert.expected === "" ? undefined : write(alert.expected)],
    [t(alert.kind === "ALERT_KIND_THRESHOLD" ? "alerts.detail.limit" : "alerts.detail.range"), range],
    [
      t("alerts.detail.period"),
      alert.startTime === undefined || alert.endTime === undefined
        ? undefined
        : `${at(alert.startTime) ?? ""} – ${format.minute(new Date(alert.endTime))}`,
    ],
    [t("alerts.detail.opened"), at(alert.openedAt)],
    [t("alerts.detail.lastUnusual"), at(alert.lastUnusualAt)],
    [t("alerts.detail.acknowledged"), byAt(alert.acknowledgedBy, alert.acknowledgedAt)],
    [t("alerts.detail.resolved"), byAt(alert.resolvedBy, alert.resolvedAt)],
    [t("alerts.detail.rule"), t("alerts.detail.ruleVersion", { rule: alert.ruleKey, version: alert.ruleVersion })],
  ];
  return (
    <div className="stack">
      <p className="evidence small">{evidenceOf(alert, speech)}</p>
      <dl className="facts">
        {facts.map(
          ([term, fact]) =>
            fact !== undefined && (
              <div key={term}>
                <dt>{term}</dt>
                <dd>{fact}</dd>
              </div>
            ),
        )}
      </dl>
      {alert.silenceId !== "" && <p className="small soft">{t("alerts.detail.silenced")}</p>}
      {alert.foundLate && <p className="small soft">{t("alerts.detail.foundLate")}</p>}
    </div>
  );
}
