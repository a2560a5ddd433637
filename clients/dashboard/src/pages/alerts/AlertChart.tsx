import { useMemo, useState } from "react";
import { useCall } from "../../api/hooks";
import type { Message } from "../../api/methods";
import { TimeChart } from "../../components/chart/TimeChart";
import { ErrorState, Skeleton } from "../../components/states";
import { useSpeech } from "../../i18n/language";
import { useMetrics } from "../../shell/overview";
import { useScope } from "../../shell/scope";
import { metricName, namedValue } from "../live/names";
import { filled, linesOf, surroundingsOf } from "./surroundings";

const EVERY_MS = 60_000;

/** The series around an alert with what was to be expected, and what was seen. */
export function AlertChart({ alert }: { readonly alert: Message<"Alert"> }) {
  const { t, format } = useSpeech();
  const { environment } = useScope();
  const metrics = useMetrics();
  const [now] = useState(Date.now);
  const around = useMemo(() => surroundingsOf(alert, now), [alert, now]);
  const resolved = alert.state === "ALERT_STATE_RESOLVED";
  const { data, problem, reload } = useCall(
    "mirante.api.metrics.v1.LiveMetricsService/QuerySeries",
    {
      environment,
      tenant: alert.tenant,
      metric: alert.metric,
      currency: alert.currency,
      startTime: new Date(around.from).toISOString(),
      endTime: new Date(around.to).toISOString(),
      resolution: around.resolution,
    },
    resolved ? undefined : EVERY_MS,
  );
  const aggregation = metrics.find((each) => each.metric === alert.metric)?.aggregation;
  const counted = aggregation !== "AGGREGATION_ACTOR_RATIO" && aggregation !== "AGGREGATION_PERCENTILE";
  const names = useMemo(
    () => ({
      series: metricName(alert.metric, t),
      observed: t("alerts.detail.observed"),
      expected: t("alerts.detail.expected"),
      band: t(alert.kind === "ALERT_KIND_THRESHOLD" ? "alerts.detail.limit" : "alerts.detail.band"),
    }),
    [alert.metric, alert.kind, t],
  );
  const series = useMemo(
    () => (data === undefined ? [] : linesOf(alert, filled(data.series[0]?.points ?? [], around, counted), around, names)),
    [alert, data, around, counted, names],
  );
  if (data === undefined) return problem === undefined ? <Skeleton height={280} /> : <ErrorState problem={problem} retry={reload} />;
  return (
    <TimeChart
      title={t("alerts.detail.at", { metric: names.series, tenant: alert.tenant })}
      series={series}
      from={around.from}
      to={around.to}
      height={280}
      write={(value, short) =>
        short && alert.currency !== ""
          ? format.compact(value, alert.currency)
          : namedValue(alert.metric, alert.currency, value, format)
      }
    />
  );
}
