import type { LiveFrame, LiveMetric, MinuteSeries } from "./messages.js";

const MOST_MINUTES = 24 * 60;
const MINUTE_SECONDS = 60;

/** Return what names a metric among others. */
export function keyOf(metric: Pick<LiveMetric, "metric" | "currency">): string {
  return `${metric.metric} ${metric.currency}`;
}

/**
 * Return the metrics after a message: its values, and series that go on from those before. A metric in which nothing
 * has changed stays the same object.
 *
 * @param before the metrics that are shown; empty for a snapshot.
 */
export function merged(before: readonly LiveMetric[], frame: Pick<LiveFrame, "metrics">): readonly LiveMetric[] {
  const old = new Map(before.map((metric) => [keyOf(metric), metric]));
  return frame.metrics.map((metric) => {
    const last = old.get(keyOf(metric));
    const series = seriesAfter(last?.series, metric.series);
    const next = series ? { ...metric, series } : metric;
    return last && JSON.stringify(last) === JSON.stringify(next) ? last : next;
  });
}

/** Return a series after a change: what is from its first minute on is replaced, and a day is kept. */
export function seriesAfter(
  before: MinuteSeries | undefined,
  change: MinuteSeries | undefined,
): MinuteSeries | undefined {
  if (!before || !change) return change ?? before;
  const offset = Math.floor((change.start_seconds - before.start_seconds) / MINUTE_SECONDS);
  if (offset < 0 || offset > before.values.length) return change;
  const values = [...before.values.slice(0, offset), ...change.values];
  const surplus = Math.max(0, values.length - MOST_MINUTES);
  return { start_seconds: before.start_seconds + surplus * MINUTE_SECONDS, values: values.slice(surplus) };
}
