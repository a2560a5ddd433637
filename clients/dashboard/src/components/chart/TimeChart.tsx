import { lazy, Suspense } from "react";
import { useSpeech } from "../../i18n/language";
import { EmptyState, Skeleton } from "../states";
import { ChartTable } from "./ChartTable";
import { Legend } from "./Legend";
import type { ChartSeries, WriteNumber } from "./series";

/** The library that draws is larger than all else, so that a page does not wait for it. */
const TimeCanvas = lazy(() => import("./TimeCanvas"));

interface Props {
  /** What the chart shows, in words. */
  readonly title: string;
  readonly series: readonly ChartSeries[];
  /** The first and the last time. */
  readonly from: number;
  readonly to: number;
  readonly write: WriteNumber;
  /** Writes a time on the axis; otherwise hours and minutes. */
  readonly writeTime?: (time: Date) => string;
  /** Pixels. */
  readonly height?: number;
  /** The axis goes at least so far. */
  readonly least?: number;
}

/** A chart over time, with the same numbers as a table for those who do not see it. */
export function TimeChart({ title, series, from, to, write, writeTime, height = 220, least }: Props) {
  const { t, format } = useSpeech();
  if (series.every((each) => each.points.every((point) => point.y === null))) {
    return <EmptyState title={t("chart.noData")} />;
  }
  const told = series.filter((each) => each.quiet !== true);
  const named = series.filter((each) => each.quiet !== true || each.band === true);
  return (
    <figure>
      {named.length > 1 && (
        <Legend entries={named.map((each) => ({ ...each, mark: each.band === true ? "band" : each.kind }))} />
      )}
      <div className="chart" style={{ height }}>
        <Suspense fallback={<Skeleton height={height} />}>
          <TimeCanvas
            title={title}
            series={series}
            from={from}
            to={to}
            write={write}
            writeTime={writeTime ?? format.minute}
            least={least}
          />
        </Suspense>
      </div>
      <ChartTable title={title} series={told} write={(value) => write(value, false)} />
    </figure>
  );
}
