/** Designs as people write them; pure. */
import type { Violation } from "../../../api/problem";
import type { Message } from "../../../api/methods";
import { kindOf, type MetricKind } from "../result/numbers";
import type { EventMeasure, Experiment, Metric } from "../types";

/** The steps of the wizard, in their order. */
export const STEPS = ["idea", "audience", "metrics", "size", "review"] as const;

/** One of them. */
export type Step = (typeof STEPS)[number];

const FIELDS: readonly (readonly [Step, RegExp])[] = [
  ["audience", /^experiment\.(unit|rule_id|coverage|layer|layer_share|holdout)/],
  ["metrics", /^experiment\.(primary|secondary|guardrails)/],
  ["size", /^experiment\.rules/],
];

/** Returns the step in which a field of the design stands. */
export function stepOf(field: string): Step {
  return FIELDS.find(([, pattern]) => pattern.test(field))?.[0] ?? "idea";
}

/** Returns the steps in which something is wrong, in their order. */
export function wrongSteps(violations: readonly Violation[]): Step[] {
  const wrong = new Set(violations.map((each) => stepOf(each.field)));
  return STEPS.filter((each) => wrong.has(each));
}

/** Returns a measure of no event yet. */
export function emptyMeasure(event = ""): EventMeasure {
  return { event, conditions: [], property: "" };
}

/** Returns a metric to begin with. */
export function newMetric(key: string, guardrail = false): Metric {
  return {
    key,
    name: "",
    proportion: emptyMeasure(),
    direction: guardrail ? "METRIC_DIRECTION_LOWER_IS_BETTER" : "METRIC_DIRECTION_HIGHER_IS_BETTER",
    window: "604800s",
    capQuantile: 0,
    ...(guardrail ? { margin: 0.01 } : {}),
  };
}

/** Returns a key that no other metric has. */
export function freeKey(stem: string, taken: readonly string[]): string {
  for (let number = 1; ; number += 1) {
    const key = number === 1 ? stem : `${stem}_${number}`;
    if (!taken.includes(key)) return key;
  }
}

/** The events that a metric is over, by the part that they play. */
export type Part = "proportion" | "mean" | "numerator" | "denominator" | "sales" | "cancellations";

const PARTS: Readonly<Record<MetricKind, readonly Part[]>> = {
  proportion: ["proportion"],
  mean: ["mean"],
  ratio: ["numerator", "denominator"],
  revenue: ["sales", "cancellations"],
};

/** Returns the parts that a kind of metric has. */
export function partsOf(kind: MetricKind): readonly Part[] {
  return PARTS[kind];
}

/** Returns the events of a part; undefined when it has none. */
export function measureOf(metric: Metric, part: Part): EventMeasure | undefined {
  switch (part) {
    case "proportion":
    case "mean":
      return metric[part];
    case "numerator":
    case "denominator":
      return metric.ratio?.[part];
    case "sales":
    case "cancellations":
      return metric.revenue?.[part];
  }
}

/** Returns a metric with other events in a part. */
export function withMeasure(metric: Metric, part: Part, measure: EventMeasure): Metric {
  switch (part) {
    case "proportion":
    case "mean":
      return { ...metric, [part]: measure };
    case "numerator":
    case "denominator":
      return { ...metric, ratio: { ...metric.ratio, [part]: measure } };
    case "sales":
      return { ...metric, revenue: { ...metric.revenue, sales: measure } };
    case "cancellations": {
      const { sales } = metric.revenue ?? {};
      // Nothing takes sales back.
      if (measure.event === "") return { ...metric, revenue: sales === undefined ? {} : { sales } };
      return { ...metric, revenue: { ...metric.revenue, cancellations: measure } };
    }
  }
}

/** Returns a metric that measures something else, of the same events where that has a meaning. */
export function withKind(metric: Metric, kind: MetricKind): Metric {
  const first = measureOf(metric, partsOf(kindOf(metric))[0] ?? "proportion") ?? emptyMeasure();
  const { key, name, direction, window, margin } = metric;
  const sums = kind === "mean" || kind === "revenue";
  const kept: Metric = {
    key,
    name,
    direction,
    capQuantile: sums ? metric.capQuantile : 0,
    ...(window === undefined ? {} : { window }),
    ...(margin === undefined ? {} : { margin }),
    ...(sums && metric.covariateWindow !== undefined ? { covariateWindow: metric.covariateWindow } : {}),
    ...(sums && metric.cap !== undefined ? { cap: metric.cap } : {}),
  };
  if (kind === "proportion") return { ...kept, proportion: { ...first, property: "" } };
  if (kind === "mean") return { ...kept, mean: first };
  if (kind === "ratio") return { ...kept, ratio: { numerator: first, denominator: emptyMeasure() } };
  return { ...kept, revenue: { sales: { ...first, property: first.property || "valor" } } };
}

/** Returns the arms that a flag suggests: all its variants, with the same weight. */
export function armsOf(flag: Message<"Flag">): Message<"ExperimentArm">[] {
  return flag.variants.map(({ name }) => ({ variant: name, weight: 1 }));
}

/** Returns a design for a flag, or for none yet. */
export function newDesign(flag?: Message<"Flag">): Experiment {
  return {
    key: flag?.key.replace(/[^a-z0-9_-]/g, "_") ?? "",
    hypothesis: "",
    owner: flag?.owner ?? "",
    flagKey: flag?.key ?? "",
    control: flag?.offVariant ?? "",
    arms: flag === undefined ? [] : armsOf(flag),
    unit: "RANDOMIZATION_UNIT_USER",
    ruleId: "",
    coverage: 0,
    layer: "",
    layerShare: 0,
    holdout: 0,
    primary: newMetric("principal"),
    secondary: [],
    guardrails: [],
    rules: {
      method: "DECISION_METHOD_UNSPECIFIED",
      plannedUnits: "0",
      minimumEffect: 0,
      alpha: 0,
      alphaSequence: 0,
    },
  };
}

/** Returns what was written for another flag: its arms, and its key where none was written. */
export function withFlag(experiment: Experiment, flag: Message<"Flag">): Experiment {
  const suggested = newDesign(flag);
  const { flagKey, control, arms } = suggested;
  return {
    ...experiment,
    flagKey,
    control,
    arms,
    ruleId: "",
    key: experiment.key === "" || experiment.key === experiment.flagKey ? suggested.key : experiment.key,
    owner: experiment.owner === "" ? suggested.owner : experiment.owner,
  };
}

/** Whether a design says enough to be asked what it costs. */
export function canPlan(experiment: Experiment): boolean {
  const events = experiment.primary === undefined ? undefined : measureOf(experiment.primary, partsOf(kindOf(experiment.primary))[0] ?? "proportion");
  return experiment.flagKey !== "" && experiment.arms.length > 1 && events !== undefined && events.event !== "";
}

/**
 * Returns a design as a plan is asked for: what is not written yet, and a plan does not depend on, stands for itself. The
 * planned size is what a plan answers, so that another one is no other question.
 */
export function plannable(experiment: Experiment): Experiment {
  const { rules } = experiment;
  return {
    ...experiment,
    key: experiment.key === "" ? "rascunho" : experiment.key,
    hypothesis: experiment.hypothesis === "" ? "–" : experiment.hypothesis,
    ...(rules === undefined ? {} : { rules: { ...rules, plannedUnits: "1000" } }),
  };
}
