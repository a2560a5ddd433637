/** What the gateway says on `/ws/metrics`. Numbers are decimal texts; an empty one says that there is no such number. */
export type LiveMessage =
  | ({ readonly type: "snapshot"; readonly stale: boolean } & LiveFrame)
  | ({ readonly type: "frame" } & LiveFrame)
  | { readonly type: "resumed"; readonly position: string }
  | { readonly type: "stale"; readonly position: string; readonly as_of: string }
  | { readonly type: "waiting" };

/** The state of a tenant, whole but for the series of frames. */
export interface LiveFrame {
  readonly environment: string;
  readonly tenant: string;
  /** Sent after a reconnect, to go on from here. */
  readonly position: string;
  /** RFC 3339. Windows end with the minute in progress at this time. */
  readonly as_of: string;
  /** RFC 3339. Every event that was stored before is counted. */
  readonly log_read_at: string;
  /** The numbers are too low still, and will grow. */
  readonly catching_up: boolean;
  readonly metrics: readonly LiveMetric[];
}

/** A number of a frame, and what is needed to draw its card. */
export interface LiveMetric {
  /** For instance "receita_hora". */
  readonly metric: string;
  /** ISO 4217, for money only. */
  readonly currency: string;
  readonly aggregation: "count" | "sum" | "distinct_actors" | "actor_ratio" | "percentile" | "unspecified";
  readonly window_seconds: number;
  readonly value: string;
  /** Of ratios. */
  readonly numerator?: number;
  readonly denominator?: number;
  /** Against the window that ended an hour ago. */
  readonly previous_hour?: Trend;
  /** Against the window of the same minute a week ago. */
  readonly last_week?: Trend;
  readonly series?: MinuteSeries;
}

/** What a metric was then, and its change: "0.25" is 25 % more. */
export interface Trend {
  readonly value: string;
  readonly change: string;
}

/** A number for each minute; the last one is in progress. */
export interface MinuteSeries {
  /** Of the first minute, in seconds since 1970. */
  readonly start_seconds: number;
  readonly values: readonly string[];
}
