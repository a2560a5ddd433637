/** What is known of a tenant that is watched; pure. */
import type { Message } from "../../api/methods";
import { merged, type Minutes } from "./minutes";

/** The last frame, and the series that all frames together make. */
export interface TenantState {
  readonly frame: Message<"LiveFrame">;
  /** By `seriesKey`. */
  readonly series: ReadonlyMap<string, Minutes>;
}

/** Names the series of a metric; money has one for each currency. */
export function seriesKey(metric: string, currency: string): string {
  return `${metric} ${currency}`;
}

/** Returns the state after a frame. A frame of another process, or of before, is taken: the server knows better. */
export function afterFrame(before: TenantState | undefined, frame: Message<"LiveFrame">): TenantState {
  const series = new Map(before?.series);
  for (const each of frame.metrics) {
    if (each.series === undefined) continue;
    const key = seriesKey(each.metric, each.currency);
    series.set(key, merged(series.get(key), each.series));
  }
  return { frame, series };
}

/** Returns the entries of a metric: several for money of several currencies, the largest first. */
export function entriesOf(frame: Message<"LiveFrame">, metric: string): Message<"LiveMetric">[] {
  const entries = frame.metrics.filter((each) => each.metric === metric);
  return entries.sort((a, b) => Number(b.value) - Number(a.value));
}
