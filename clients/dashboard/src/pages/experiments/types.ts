/** Short names for messages of the contracts. */
import type { Message } from "../../api/methods";

export type Experiment = Message<"Experiment">;
export type ExperimentRecord = Message<"ExperimentRecord">;
export type ExperimentState = Message<"ExperimentState">;
export type Metric = Message<"ExperimentMetric">;
export type EventMeasure = Message<"EventMeasure">;
export type Results = Message<"ExperimentResults">;
export type MetricResult = Message<"MetricResult">;
export type Comparison = Message<"ArmComparison">;
export type Verdict = Message<"ExperimentVerdict">;
export type Plan = Message<"ExperimentPlan">;

/** The service of experiments. */
export const SERVICE = "mirante.api.metrics.v1.ExperimentService";
