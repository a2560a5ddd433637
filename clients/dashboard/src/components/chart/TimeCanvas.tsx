import type { ChartDataset, ChartOptions } from "chart.js";
import { useCallback } from "react";
import { useSpeech } from "../../i18n/language";
import { ticksOf, tooltipOf, useDrawing } from "./drawing";
import type { Palette } from "./palette";
import type { ChartSeries, Point, WriteNumber } from "./series";
import { timeMarks } from "./times";

interface Props {
  readonly title: string;
  readonly series: readonly ChartSeries[];
  readonly from: number;
  readonly to: number;
  readonly write: WriteNumber;
  readonly writeTime: (time: Date) => string;
  readonly least: number | undefined;
}

/** The drawn part of a `TimeChart`. */
export default function TimeCanvas({ title, series, from, to, write, writeTime, least }: Props) {
  const { format } = useSpeech();
  const configure = useCallback(
    (colours: Palette) => ({
      type: "line" as const,
      data: { datasets: series.map((each) => datasetOf(each, colours)) },
      options: optionsOf({ from, to, write, short: writeTime, long: format.dateTime, least, colours }),
    }),
    [series, from, to, write, writeTime, format, least],
  );
  const canvas = useDrawing<Point[]>(configure);
  return <canvas ref={canvas} role="img" aria-label={title} />;
}

function datasetOf(series: ChartSeries, colours: Palette): ChartDataset<"line" | "bar", Point[]> {
  const colour = colours(series.colour);
  const data = [...series.points];
  if (series.kind === "bars") {
    return { type: "bar", label: series.label, data, backgroundColor: colour, barPercentage: 1, categoryPercentage: 0.8 };
  }
  const fill = series.band === true ? { target: "-1", above: colour, below: colour } : series.kind === "area";
  const dots = series.kind === "points";
  return {
    type: "line",
    label: series.quiet === true ? "" : series.label,
    data,
    borderColor: colour,
    backgroundColor: series.kind === "area" ? colours("chart-fill") : colour,
    fill: fill === true ? "origin" : fill,
    borderWidth: dots || series.quiet === true ? 0 : series.kind === "dashed" ? 1.5 : 1.75,
    borderDash: series.kind === "dashed" ? [4, 4] : [],
    pointRadius: dots ? 3 : 0,
    pointHitRadius: 8,
    pointHoverRadius: series.quiet === true ? 0 : 4,
    stepped: series.kind === "steps" ? "before" : false,
    tension: 0,
    spanGaps: false,
  };
}

interface Wanted {
  readonly from: number;
  readonly to: number;
  readonly write: WriteNumber;
  readonly short: (time: Date) => string;
  readonly long: (time: Date) => string;
  readonly least: number | undefined;
  readonly colours: Palette;
}

function optionsOf({ from, to, write, short, long, least, colours }: Wanted): ChartOptions<"line" | "bar"> {
  const ticks = ticksOf(colours);
  return {
    maintainAspectRatio: false,
    animation: false,
    interaction: { mode: "nearest", intersect: false, axis: "x" },
    layout: { padding: { top: 4 } },
    scales: {
      x: {
        type: "linear",
        min: from,
        max: to,
        grid: { display: false },
        border: { color: colours("chart-grid") },
        afterBuildTicks: (axis) => {
          const most = Math.max(2, Math.floor(axis.width / 58));
          const offset = new Date(from).getTimezoneOffset();
          axis.ticks = timeMarks(from, to, most, offset).map((value) => ({ value }));
        },
        ticks: { ...ticks, autoSkip: false, maxRotation: 0, callback: (value) => short(new Date(Number(value))) },
      },
      y: {
        beginAtZero: true,
        ...(least === undefined ? {} : { suggestedMax: least }),
        border: { display: false },
        grid: { color: colours("chart-grid"), drawTicks: false },
        ticks: { ...ticks, padding: 8, maxTicksLimit: 5, callback: (value) => write(Number(value), true) },
      },
    },
    plugins: {
      tooltip: {
        ...tooltipOf(colours),
        filter: (item) => item.dataset.label !== "",
        callbacks: {
          title: (items) => (items[0]?.parsed.x == null ? "" : long(new Date(items[0].parsed.x))),
          label: (item) => ` ${item.dataset.label ?? ""}  ${item.parsed.y === null ? "" : write(item.parsed.y, false)}`,
        },
      },
    },
  };
}
