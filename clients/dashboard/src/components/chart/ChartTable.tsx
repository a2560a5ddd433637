import { useState } from "react";
import { useSpeech } from "../../i18n/language";
import { NOTHING } from "../../i18n/format";
import type { ChartSeries } from "./series";

const ROWS = 200;

interface Props {
  readonly title: string;
  readonly series: readonly ChartSeries[];
  readonly write: (value: number) => string;
}

/** The numbers of a chart, the newest first; drawn when it is opened. */
export function ChartTable({ title, series, write }: Props) {
  const { t } = useSpeech();
  const [open, setOpen] = useState(false);
  return (
    <details className="chart-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t("chart.table")}</summary>
      {open && <Numbers title={title} series={series} write={write} />}
    </details>
  );
}

function Numbers({ title, series, write }: Props) {
  const { t, format } = useSpeech();
  const columns = series.map((each) => new Map(each.points.map((point) => [point.x, point.y])));
  const times = [...new Set(columns.flatMap((column) => [...column.keys()]))].sort((a, b) => b - a);
  return (
    <div className="table-frame" tabIndex={0} role="region" aria-label={title}>
      <table className="table">
        <caption className="visually-hidden">{title}</caption>
        <thead>
          <tr>
            <th scope="col">{t("chart.time")}</th>
            {series.map((each) => (
              <th key={each.label} scope="col" className="number">
                {each.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.slice(0, ROWS).map((time) => (
            <tr key={time}>
              <th scope="row">{format.dateTime(new Date(time))}</th>
              {columns.map((column, index) => {
                const value = column.get(time);
                return (
                  <td key={series[index]?.label} className="number">
                    {value === undefined || value === null ? NOTHING : write(value)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
