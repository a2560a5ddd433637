/** The series around an alert, and what was to be expected in it; pure. */
import type { Message } from "../../api/methods";
import type { ChartSeries, Point } from "../../components/chart/series";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** What is asked for, in milliseconds since 1970. */
export interface Surroundings {
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
  readonly resolution: "RESOLUTION_MINUTE" | "RESOLUTION_HOUR";
}

/**
 * Returns which stretch of the series tells about an alert: of anomalies and of numbers of an hour a day by the hour, of
 * other limits some hours by the minute.
 *
 * @param now - milliseconds since 1970; the stretch ends then at the latest
 */
export function surroundingsOf(alert: Message<"Alert">, now: number): Surroundings {
  const start = Date.parse(alert.startTime ?? alert.openedAt ?? "") || now;
  const end = Math.max(start, Date.parse(alert.lastUnusualAt ?? "") || 0, Date.parse(alert.endTime ?? "") || 0);
  const hourly = alert.kind !== "ALERT_KIND_THRESHOLD" || alert.metric.endsWith("_hora");
  const stepMs = hourly ? HOUR_MS : MINUTE_MS;
  const whole = (time: number, up: boolean) => (up ? Math.ceil(time / stepMs) : Math.floor(time / stepMs)) * stepMs;
  return {
    from: whole(start - (hourly ? 24 : 3) * HOUR_MS, false),
    to: whole(Math.min(end + (hourly ? 4 : 1) * HOUR_MS, now), true),
    stepMs,
    resolution: hourly ? "RESOLUTION_HOUR" : "RESOLUTION_MINUTE",
  };
}

/**
 * Returns the points of every step. What the answer leaves out held nothing: zero for what is counted, otherwise no number.
 */
export function filled(points: readonly Message<"SeriesPoint">[], around: Surroundings, counted: boolean): Point[] {
  const known = new Map(points.map((point) => [Date.parse(point.startTime ?? ""), point.value]));
  const all: Point[] = [];
  for (let x = around.from; x < around.to; x += around.stepMs) {
    const value = known.get(x) ?? "";
    all.push({ x, y: value !== "" ? Number(value) : counted ? 0 : null });
  }
  // The last number holds to its end.
  const last = all.at(-1);
  return last === undefined ? [] : [...all, { x: around.to, y: last.y }];
}

/** Names of the lines, in the language of the page. */
export interface Names {
  readonly series: string;
  readonly observed: string;
  readonly expected: string;
  readonly band: string;
}

/** Returns the lines of the chart: what was usual in the judged time, the series, and what was observed. */
export function linesOf(
  alert: Message<"Alert">,
  points: readonly Point[],
  around: Surroundings,
  names: Names,
): ChartSeries[] {
  const start = Date.parse(alert.startTime ?? "") || around.from;
  const end = Date.parse(alert.endTime ?? "") || around.to;
  const across = alert.kind === "ALERT_KIND_THRESHOLD";
  const flat = (value: string | number): Point[] => [
    { x: across ? around.from : start, y: Number(value) },
    { x: across ? around.to : end, y: Number(value) },
  ];
  const lines: ChartSeries[] = [];
  if (across) {
    const bound = alert.upperBound || alert.lowerBound;
    if (bound !== "") lines.push({ label: names.band, points: flat(bound), colour: "warn", kind: "dashed" });
  } else if (alert.upperBound !== "") {
    const low = alert.lowerBound === "" ? 0 : alert.lowerBound;
    lines.push({ label: names.band, points: flat(low), colour: "chart-band", kind: "line", quiet: true });
    lines.push({ label: names.band, points: flat(alert.upperBound), colour: "chart-fill", kind: "line", band: true, quiet: true });
  }
  lines.push({ label: names.series, points, colour: "chart-1", kind: across && around.stepMs === MINUTE_MS ? "line" : "steps" });
  if (alert.expected !== "") lines.push({ label: names.expected, points: flat(alert.expected), colour: "chart-2", kind: "dashed" });
  if (alert.observed !== "") {
    const y = Number(alert.observed);
    lines.push({ label: names.observed, points: [{ x: (start + end) / 2, y }], colour: "bad", kind: "points" });
  }
  return lines;
}
