/** Metrics as sentences; pure. */
import type { Speech } from "../../../i18n/language";
import { lengthText } from "../../rollouts/lengths";
import { secondsOf } from "../../rollouts/standing";
import { kindOf } from "../result/numbers";
import type { EventMeasure, Metric } from "../types";

type Words = Pick<Speech, "t" | "format" | "counted">;

/** The events of a part, with their conditions. */
function eventText(measure: EventMeasure | undefined, { t }: Words): string {
  if (measure === undefined) return "…";
  const conditions = measure.conditions.map((each) =>
    t("dsg.says.where", { property: each.property, values: each.values.join(" | ") }),
  );
  return [measure.event === "" ? "…" : measure.event, ...conditions].join(" ");
}

/** Returns what a metric measures as a sentence. */
export function metricSentence(metric: Metric, words: Words): string {
  const { t } = words;
  const window = lengthText(secondsOf(metric.window), words);
  const kind = kindOf(metric);
  if (kind === "proportion") return t("dsg.says.proportion", { event: eventText(metric.proportion, words), window });
  if (kind === "mean") {
    const said = { event: eventText(metric.mean, words), window, property: metric.mean?.property ?? "" };
    return said.property === "" ? t("dsg.says.meanCount", said) : t("dsg.says.mean", said);
  }
  if (kind === "ratio") {
    const { numerator, denominator } = metric.ratio ?? {};
    return t("dsg.says.ratio", {
      numerator: eventText(numerator, words),
      denominator: eventText(denominator, words),
      window,
    });
  }
  const { sales, cancellations } = metric.revenue ?? {};
  const said = t("dsg.says.revenue", { property: sales?.property ?? "", event: eventText(sales, words), window });
  return cancellations === undefined ? said : `${said}, ${t("dsg.says.less", { event: eventText(cancellations, words) })}`;
}
