/** The metrics that have a place of their own on the page. Others that are configured get a plain card. */
import type { Message } from "../../api/methods";
import type { Format } from "../../i18n/format";
import type { Speech } from "../../i18n/language";

/** The four cards. */
export const CARDS = ["vendas_hora", "receita_hora", "usuarios_online", "conversao_rate"] as const;
/** Those that have charts only. */
export const CHARTED = ["erros_minuto", "lcp_p75", "inp_p75", "cls_p75"] as const;

const NAMED: readonly string[] = [...CARDS, ...CHARTED];

/** Whether the dashboard knows a name for people. */
export function isNamed(metric: string): metric is (typeof CARDS)[number] | (typeof CHARTED)[number] {
  return NAMED.includes(metric);
}

/** The name of a metric for people; one that was configured later has its own. */
export function metricName(metric: string, t: Speech["t"]): string {
  return isNamed(metric) ? t(`live.metric.${metric}`) : metric.replaceAll("_", " ");
}

/** Writes the value of a metric. */
export function metricValue(
  metric: Pick<Message<"LiveMetric">, "metric" | "aggregation" | "currency">,
  value: string,
  format: Format,
): string {
  switch (metric.aggregation) {
    case "AGGREGATION_SUM":
      return metric.currency === "" ? format.number(value, 2) : format.money(value, metric.currency);
    case "AGGREGATION_ACTOR_RATIO":
      return format.percent(value);
    case "AGGREGATION_PERCENTILE":
      return vitalValue(metric.metric, value, format);
    default:
      return format.number(value);
  }
}

/** Writes a number of a metric of which only the name is known. */
export function namedValue(metric: string, currency: string, value: string | number, format: Format): string {
  if (currency !== "") return format.money(value, currency);
  if (metric.endsWith("_rate")) return format.percent(value);
  if (/^(lcp|inp|cls)_/.test(metric)) return vitalValue(metric, value, format);
  return format.number(value, Math.abs(Number(value)) < 10 ? 2 : 0);
}

/** Writes a web vital: LCP in seconds, INP in milliseconds, CLS without a unit. */
export function vitalValue(metric: string, value: string | number, format: Format): string {
  if (value === "") return format.number(value);
  if (metric.startsWith("lcp")) return `${format.number(Number(value) / 1000, 2)} s`;
  if (metric.startsWith("inp")) return `${format.number(value)} ms`;
  return format.number(value, 3);
}
