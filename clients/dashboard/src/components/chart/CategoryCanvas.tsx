import type { ChartDataset, ChartOptions } from "chart.js";
import { useCallback } from "react";
import type { CategorySeries } from "./categories";
import { ticksOf, tooltipOf, useDrawing } from "./drawing";
import type { Palette } from "./palette";
import type { WriteNumber } from "./series";

interface Props {
  readonly title: string;
  readonly labels: readonly string[];
  readonly series: readonly CategorySeries[];
  readonly write: WriteNumber;
  readonly stacked: boolean;
  readonly open: readonly boolean[] | undefined;
  readonly least: number | undefined;
}

/** The drawn part of a `CategoryChart`. */
export default function CategoryCanvas({ title, labels, series, write, stacked, open, least }: Props) {
  const configure = useCallback(
    (colours: Palette) => ({
      type: "bar" as const,
      data: { labels: [...labels], datasets: series.map((each) => datasetOf(each, open, colours)) },
      options: optionsOf({ write, stacked, least, colours }),
    }),
    [labels, series, write, stacked, open, least],
  );
  const canvas = useDrawing<(number | null)[]>(configure);
  return <canvas ref={canvas} role="img" aria-label={title} />;
}

function datasetOf(
  series: CategorySeries,
  open: readonly boolean[] | undefined,
  colours: Palette,
): ChartDataset<"line" | "bar", (number | null)[]> {
  const colour = colours(series.colour);
  const data = [...series.values];
  if (series.kind === "bars") {
    // The paler colour says no more than the label of the table: "may change".
    const pale = colour.replace(/^rgb\((.*)\)$/, "rgba($1, 0.45)");
    const backgroundColor = data.map((_, index) => (open?.[index] === true ? pale : colour));
    return { type: "bar", label: series.label, data, backgroundColor, categoryPercentage: 0.8, barPercentage: 0.95, maxBarThickness: 48 };
  }
  const dash = series.kind === "dashed" ? [4, 4] : [];
  return {
    type: "line",
    label: series.label,
    data,
    borderColor: colour,
    backgroundColor: colour,
    borderWidth: series.kind === "dashed" ? 1.5 : 1.75,
    borderDash: dash,
    segment: { borderDash: (part) => (open?.[part.p1DataIndex] === true ? [2, 4] : dash) },
    pointRadius: data.length > 40 || series.kind === "dashed" ? 0 : 2.5,
    pointHitRadius: 8,
    pointHoverRadius: 4,
    tension: 0,
    spanGaps: false,
  };
}

interface Wanted {
  readonly write: WriteNumber;
  readonly stacked: boolean;
  readonly least: number | undefined;
  readonly colours: Palette;
}

function optionsOf({ write, stacked, least, colours }: Wanted): ChartOptions<"line" | "bar"> {
  const ticks = ticksOf(colours);
  return {
    maintainAspectRatio: false,
    animation: false,
    interaction: { mode: "index", intersect: false },
    layout: { padding: { top: 4 } },
    scales: {
      x: {
        type: "category",
        stacked,
        grid: { display: false },
        border: { color: colours("chart-grid") },
        ticks: { ...ticks, maxRotation: 0, autoSkipPadding: 12 },
      },
      y: {
        beginAtZero: true,
        stacked,
        ...(least === undefined ? {} : { suggestedMax: least }),
        border: { display: false },
        grid: { color: (line) => colours(line.tick.value === 0 ? "line-strong" : "chart-grid"), drawTicks: false },
        ticks: { ...ticks, padding: 8, maxTicksLimit: 5, callback: (value) => write(Number(value), true) },
      },
    },
    plugins: {
      tooltip: {
        ...tooltipOf(colours),
        callbacks: {
          label: (item) => ` ${item.dataset.label ?? ""}  ${item.parsed.y === null ? "" : write(item.parsed.y, false)}`,
        },
      },
    },
  };
}
