import { lazy, Suspense } from "react";
import { useSpeech } from "../../i18n/language";
import { EmptyState, Skeleton } from "../states";
import type { CategorySeries } from "./categories";
import { Legend } from "./Legend";
import type { WriteNumber } from "./series";

const CategoryCanvas = lazy(() => import("./CategoryCanvas"));

interface Props {
  /** What the chart shows, in words. Its numbers have to stand in a table beside it. */
  readonly title: string;
  readonly labels: readonly string[];
  readonly series: readonly CategorySeries[];
  readonly write: WriteNumber;
  /** Bars of one label stand on each other. */
  readonly stacked?: boolean;
  /** Labels whose numbers may still change: their bars are paler, and lines to them are dotted. */
  readonly open?: readonly boolean[];
  /** Pixels. */
  readonly height?: number;
  /** The axis goes at least so far. */
  readonly least?: number;
}

/** A chart over labels that stand side by side. */
export function CategoryChart({ title, labels, series, write, stacked = false, open, height = 220, least }: Props) {
  const { t } = useSpeech();
  if (series.every((each) => each.values.every((value) => value === null))) {
    return <EmptyState title={t("chart.noData")} />;
  }
  return (
    <figure>
      {series.length > 1 && <Legend entries={series.map((each) => ({ ...each, mark: each.kind }))} />}
      <div className="chart" style={{ height }}>
        <Suspense fallback={<Skeleton height={height} />}>
          <CategoryCanvas
            title={title}
            labels={labels}
            series={series}
            write={write}
            stacked={stacked}
            open={open}
            least={least}
          />
        </Suspense>
      </div>
    </figure>
  );
}
