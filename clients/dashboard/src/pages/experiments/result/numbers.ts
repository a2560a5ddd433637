/** Estimates and differences of a metric as people write them; pure. */
import { NOTHING } from "../../../i18n/format";
import type { Speech } from "../../../i18n/language";
import type { Experiment, Metric } from "../types";

type Words = Pick<Speech, "t" | "format">;

/** What a metric measures. */
export type MetricKind = "proportion" | "mean" | "ratio" | "revenue";

/** Returns what a metric measures. */
export function kindOf(metric: Metric | undefined): MetricKind {
  if (metric?.mean !== undefined) return "mean";
  if (metric?.ratio !== undefined) return "ratio";
  return metric?.revenue === undefined ? "proportion" : "revenue";
}

/** Returns the metrics of a design: the primary one, secondary ones, guardrails. */
export function metricsOf(experiment: Experiment): Metric[] {
  return [...(experiment.primary === undefined ? [] : [experiment.primary]), ...experiment.secondary, ...experiment.guardrails];
}

/** Writes the numbers of one metric. */
export interface NumberWriter {
  readonly estimate: (value: number | undefined) => string;
  /** With its sign; of proportions in percentage points. */
  readonly difference: (value: number | undefined) => string;
}

const FEW = 10;

function digitsOf(value: number): number {
  return Math.abs(value) < FEW ? 3 : 2;
}

/** Returns what writes the numbers of a metric. */
export function writerOf(kind: MetricKind, { t, format }: Words): NumberWriter {
  const signed = (value: number, written: string) => (value > 0 ? `+${written}` : written);
  if (kind === "proportion") {
    return {
      estimate: (value) => (value === undefined ? NOTHING : format.percent(value, 2)),
      difference: (value) =>
        value === undefined ? NOTHING : signed(value, t("exp.points", { number: format.number(value * 100, 2) })),
    };
  }
  return {
    estimate: (value) => (value === undefined ? NOTHING : format.number(value, digitsOf(value))),
    difference: (value) => (value === undefined ? NOTHING : signed(value, format.number(value, digitsOf(value)))),
  };
}

/** Writes an interval; empty when one of its ends is not known yet. */
export function intervalText(
  lower: number | undefined,
  upper: number | undefined,
  write: NumberWriter["difference"],
  t: Words["t"],
): string {
  return lower === undefined || upper === undefined
    ? ""
    : t("exp.interval", { lower: write(lower), upper: write(upper) });
}

/** Writes a p-value within a sentence. */
export function pPhrase(p: number | undefined, words: Words): string {
  const text = pText(p, words);
  return text.startsWith("<") ? `p ${text}` : `p = ${text}`;
}

/** Writes a p-value. */
export function pText(p: number | undefined, { t, format }: Words): string {
  if (p === undefined) return NOTHING;
  return p < 0.0001 ? t("exp.p.small") : format.number(p, 4);
}

const NEARLY = 0.001;

/** Writes a chance; one that is nearly certain is not written as if it were. */
export function chanceText(chance: number, format: Speech["format"]): string {
  if (chance > 1 - NEARLY) return `> ${format.percent(1 - NEARLY, 1)}`;
  if (chance < NEARLY) return `< ${format.percent(NEARLY, 1)}`;
  return format.percent(chance, 1);
}
