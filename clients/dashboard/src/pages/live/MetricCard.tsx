import { useMemo } from "react";
import type { Message } from "../../api/methods";
import { Sparkline } from "../../components/chart/Sparkline";
import { useSpeech } from "../../i18n/language";
import { blocks } from "./minutes";
import { metricName, metricValue } from "./names";
import { seriesKey, type TenantState } from "./state";
import { Trend } from "./Trend";

const SPARK_MINUTES = 24 * 60;
const SPARK_BLOCK = 20;

interface Props {
  readonly state: TenantState;
  /** Of one metric; more than one for several currencies. */
  readonly entries: readonly Message<"LiveMetric">[];
}

/** One number with its trends and the line of its day. */
export function MetricCard({ state, entries }: Props) {
  const { t, format } = useSpeech();
  const first = entries[0];
  const series = first === undefined ? undefined : state.series.get(seriesKey(first.metric, first.currency));
  const perMinute = first?.aggregation === "AGGREGATION_COUNT" || first?.aggregation === "AGGREGATION_SUM";
  const spark = useMemo(
    () =>
      series === undefined
        ? []
        : blocks(series, SPARK_MINUTES, SPARK_BLOCK, perMinute ? "mean" : "last").map((each) => each.y),
    [series, perMinute],
  );
  if (first === undefined) return null;
  const write = (value: string) => metricValue(first, value, format);
  const short = (value: string) => (first.currency === "" ? write(value) : format.compact(Number(value), first.currency));
  const minutes = Number.parseInt(first.window ?? "0", 10) / 60;
  return (
    <div className="card metric span-3" role="group" aria-label={metricName(first.metric, t)} data-metric={first.metric}>
      <div className="metric-head">
        <h2>{metricName(first.metric, t)}</h2>
        <span className="faint small">{minutes === 60 ? t("live.lastHour") : t("live.lastMinutes", { minutes })}</span>
      </div>
      <p className="metric-value" data-value={first.value}>
        {write(first.value)}
      </p>
      <div className="metric-more">
        {first.aggregation === "AGGREGATION_ACTOR_RATIO" &&
          t("live.conversionOf", { buyers: format.number(first.numerator), people: format.number(first.denominator) })}
        {entries.slice(1).map((each) => (
          <span key={each.currency} data-currency={each.currency} data-value={each.value}>
            {metricValue(each, each.value, format)}
          </span>
        ))}
      </div>
      <Trend trend={first.previousHour} than={t("live.trend.hour")} write={write} short={short} />
      <Trend trend={first.lastWeek} than={t("live.trend.week")} write={write} short={short} />
      <Sparkline values={spark} />
    </div>
  );
}
