/** What was unusual, as a sentence of the page's language; pure. */
import type { Message } from "../../api/methods";
import type { Speech } from "../../i18n/language";
import { metricName, namedValue } from "../live/names";

/** Returns one or two sentences that say why an alert was raised. */
export function evidenceOf(alert: Message<"Alert">, { t, format }: Pick<Speech, "t" | "format">): string {
  const write = (value: string) => namedValue(alert.metric, alert.currency, value, format);
  const metric = metricName(alert.metric, t);
  if (alert.kind === "ALERT_KIND_THRESHOLD") {
    return t("alerts.evidence.limit", { metric, observed: write(alert.observed), bound: write(alert.upperBound || alert.lowerBound) });
  }
  const time = (text: string | undefined) => (text === undefined ? "" : format.minute(new Date(text)));
  const values = { metric, from: time(alert.startTime), to: time(alert.endTime), expected: write(alert.expected) };
  const seen =
    alert.kind === "ALERT_KIND_GAP"
      ? t("alerts.evidence.gap", values)
      : t("alerts.evidence.hour", { ...values, observed: write(alert.observed) });
  if (alert.probability <= 0) return seen;
  const rare = t("alerts.evidence.rare", { count: format.number(Math.round(1 / alert.probability)) });
  return `${seen} ${rare}`;
}
