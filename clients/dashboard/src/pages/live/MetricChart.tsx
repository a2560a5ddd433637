import { type ReactNode, useMemo } from "react";
import { Card } from "../../components/Card";
import type { ChartSeries } from "../../components/chart/series";
import { TimeChart } from "../../components/chart/TimeChart";
import { useSpeech } from "../../i18n/language";
import { blocks, type Folding, MINUTE_MS, type Minutes } from "./minutes";
import type { Zoom } from "./zoom";

interface Props {
  readonly title: string;
  readonly minutes: Minutes | undefined;
  readonly zoom: Zoom;
  readonly folding: Folding;
  readonly kind: ChartSeries["kind"];
  readonly colour?: ChartSeries["colour"];
  readonly write: (value: number, short: boolean) => string;
  readonly least?: number;
  readonly height?: number;
  readonly actions?: ReactNode;
  readonly className: string;
  readonly children?: ReactNode;
}

/** A chart of the last hours of a tenant's series. */
export function MetricChart(props: Props) {
  const { title, minutes, zoom, folding, kind, colour = "chart-1", write, actions, className, children } = props;
  const { t } = useSpeech();
  const block = folding === "mean" ? zoom.block : 1;
  const end = minutes === undefined ? 0 : minutes.start + minutes.values.length * MINUTE_MS;
  const series = useMemo<ChartSeries[]>(
    () =>
      minutes === undefined
        ? []
        : [{ label: title, colour, kind, points: blocks(minutes, zoom.minutes, folding === "mean" ? zoom.block : zoom.pick, folding) }],
    [title, minutes, zoom, folding, kind, colour],
  );
  return (
    <Card
      className={className}
      title={
        <>
          {title} {block > 1 && <span className="chart-unit">{t("live.chart.mean", { minutes: block })}</span>}
        </>
      }
      actions={actions}
    >
      {children}
      <TimeChart
        title={title}
        series={series}
        from={end - zoom.minutes * MINUTE_MS}
        to={end}
        write={write}
        {...(props.least === undefined ? {} : { least: props.least })}
        {...(props.height === undefined ? {} : { height: props.height })}
      />
    </Card>
  );
}
