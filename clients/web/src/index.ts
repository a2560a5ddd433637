/** Mirante in browsers: flags, events and live metrics. */
export type { GetToken } from "./access/tokens.js";
export { connectLiveMetrics, createMirante, Mirante } from "./client.js";
export type { Properties } from "./events/event.js";
export type { Evaluation, EvaluationError, FlagAnswer, Source } from "./flags/answers.js";
export type { Person } from "./identity.js";
export type { JsonValue } from "./json.js";
export { LiveMetrics, type LiveState, type LiveStatus } from "./live/live_metrics.js";
export type { LiveFrame, LiveMessage, LiveMetric, MinuteSeries, Trend } from "./live/messages.js";
export type { EventStatus, MiranteOptions } from "./options.js";
export type { DropCause, Problem, Report, Trouble } from "./problems.js";
export type { StorageLike } from "./storage.js";
