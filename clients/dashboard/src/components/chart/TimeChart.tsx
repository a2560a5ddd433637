import {
  BarController,
  BarElement,
  Chart,
  type ChartDataset,
  type ChartOptions,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
} from "chart.js";
import { useEffect, useRef } from "react";
import { useSpeech } from "../../i18n/language";
import { useIsDark } from "../../shell/theme";
import { EmptyState } from "../states";
import { ChartTable } from "./ChartTable";
import { type ChartColour, type Palette, palette } from "./palette";
import { timeMarks } from "./times";

Chart.register(BarController, BarElement, Filler, LinearScale, LineController, LineElement, PointElement, Tooltip);
Chart.defaults.animation = false;

/** A number at a time, in milliseconds since 1970; null: there is none, and the line is broken there. */
export interface Point {
  readonly x: number;
  readonly y: number | null;
}

/** One line, area or row of bars. */
export interface ChartSeries {
  readonly label: string;
  readonly points: readonly Point[];
  readonly colour: ChartColour;
  /** "steps" holds each number up to the next one. */
  readonly kind: "line" | "steps" | "area" | "bars" | "dashed" | "points";
  /** The area up to the series before it is filled: a band between two bounds. */
  readonly band?: boolean;
  /** It is no line of its own in the tooltip and table, and in the legend only as a band. */
  readonly quiet?: boolean;
}

interface Props {
  /** What the chart shows, in words. */
  readonly title: string;
  readonly series: readonly ChartSeries[];
  /** The first and the last time. */
  readonly from: number;
  readonly to: number;
  /** Writes a number of the chart, on the axis (`short`) or elsewhere. */
  readonly write: (value: number, short: boolean) => string;
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
  const dark = useIsDark();
  const canvas = useRef<HTMLCanvasElement>(null);
  const chart = useRef<Chart<"line" | "bar", Point[]>>(undefined);
  const empty = series.every((each) => each.points.every((point) => point.y === null));
  const short = writeTime ?? format.minute;

  useEffect(() => {
    if (canvas.current === null) return;
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    const colours = palette();
    const datasets = series.map((each) => datasetOf(each, colours));
    const options = optionsOf({ from, to, write, short, long: format.dateTime, least, colours });
    if (chart.current === undefined) {
      chart.current = new Chart<"line" | "bar", Point[]>(canvas.current, { type: "line", data: { datasets }, options });
    } else {
      chart.current.data.datasets = datasets;
      chart.current.options = options;
      chart.current.update("none");
    }
    // `dark` stands for the colours.
  }, [series, from, to, write, short, format, least, dark, empty]);
  useEffect(
    () => () => {
      chart.current?.destroy();
      chart.current = undefined;
    },
    [empty],
  );

  if (empty) return <EmptyState title={t("chart.noData")} />;
  const told = series.filter((each) => each.quiet !== true);
  const named = series.filter((each) => each.quiet !== true || each.band === true);
  return (
    <figure>
      {named.length > 1 && <Legend series={named} />}
      <div className="chart" style={{ height }}>
        <canvas ref={canvas} role="img" aria-label={title} />
      </div>
      <ChartTable title={title} series={told} write={(value) => write(value, false)} />
    </figure>
  );
}

function Legend({ series }: { readonly series: readonly ChartSeries[] }) {
  return (
    <ul className="legend" aria-hidden="true">
      {series.map((each) => (
        <li key={each.label}>
          <span className={`legend-mark legend-${each.band === true ? "band" : each.kind}`} style={{ color: `var(--${each.colour})` }} />
          {each.label}
        </li>
      ))}
    </ul>
  );
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
  readonly write: (value: number, short: boolean) => string;
  readonly short: (time: Date) => string;
  readonly long: (time: Date) => string;
  readonly least: number | undefined;
  readonly colours: Palette;
}

function optionsOf({ from, to, write, short, long, least, colours }: Wanted): ChartOptions<"line" | "bar"> {
  const ticks = { color: colours("ink-faint"), font: { size: 11 } };
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
        backgroundColor: colours("ink"),
        titleColor: colours("surface-card"),
        bodyColor: colours("surface-card"),
        padding: 10,
        cornerRadius: 6,
        boxPadding: 4,
        filter: (item) => item.dataset.label !== "",
        callbacks: {
          title: (items) => (items[0]?.parsed.x == null ? "" : long(new Date(items[0].parsed.x))),
          label: (item) => ` ${item.dataset.label ?? ""}  ${item.parsed.y === null ? "" : write(item.parsed.y, false)}`,
        },
      },
    },
  };
}
