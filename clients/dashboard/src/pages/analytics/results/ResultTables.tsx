import { Badge } from "../../../components/Badge";
import { useSpeech } from "../../../i18n/language";
import { type Cell, type CellFormat, cellText, type Interval, type ResultTable } from "./model";

const RATINGS = {
  VITAL_RATING_UNSPECIFIED: "plain",
  VITAL_RATING_GOOD: "good",
  VITAL_RATING_NEEDS_IMPROVEMENT: "warn",
  VITAL_RATING_POOR: "bad",
} as const;

const LEFT: readonly CellFormat[] = ["text", "rating", "interval", "moment"];

interface Props {
  readonly tables: readonly ResultTable[];
  /** Says what the tables are about, to a screen reader. */
  readonly title: string;
}

/** The numbers of a result. */
export function ResultTables({ tables, title }: Props) {
  return (
    <div className="stack">
      {tables.map((table) => (
        <div key={table.title} className="stack-tight">
          {tables.length > 1 && table.title !== "" && <h3>{table.title}</h3>}
          <One table={table} title={title} />
        </div>
      ))}
    </div>
  );
}

function One({ table, title }: { readonly table: ResultTable; readonly title: string }) {
  const name = table.title === "" ? title : `${title}: ${table.title}`;
  const most = table.columns.map(({ format }, index) =>
    format === "bar" ? Math.max(...table.rows.map((row) => Number(row[index] ?? 0)), Number.MIN_VALUE) : 0,
  );
  const headed = table.columns.some((column) => column.title !== "");
  return (
    <div className="table-frame result-frame" tabIndex={0} role="region" aria-label={name}>
      <table className="table">
        <caption className="visually-hidden">{name}</caption>
        {headed && (
          <thead>
            <tr>
              {table.columns.map((column, index) => (
                <th key={index} scope="col" className={LEFT.includes(column.format) ? undefined : "number"}>
                  {column.title}
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {table.rows.map((row, index) => (
            <tr key={index}>
              {table.columns.map(({ format }, at) =>
                at === 0 ? (
                  <th key={at} scope="row" className="result-name">
                    {row[at] as string}
                  </th>
                ) : (
                  <td key={at} className={LEFT.includes(format) ? undefined : "number"}>
                    <Written cell={row[at]} format={format} most={most[at] ?? 0} />
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Written({ cell, format, most }: { readonly cell: Cell; readonly format: CellFormat; readonly most: number }) {
  const speech = useSpeech();
  const text = cellText(cell, format, speech);
  if (format === "rating") {
    const rating = (Object.keys(RATINGS) as (keyof typeof RATINGS)[]).find((each) => each === cell);
    return rating === undefined ? text : <Badge tone={RATINGS[rating]}>{speech.t(`ana.rating.${rating}`)}</Badge>;
  }
  if (format === "bar") {
    return (
      <span className="cell-bar">
        <span aria-hidden="true" style={{ width: `${(Number(cell ?? 0) / most) * 40}px` }} />
        {text}
      </span>
    );
  }
  if (typeof cell === "object") return <Difference interval={cell} text={text} />;
  return text;
}

function Difference({ interval, text }: { readonly interval: Interval; readonly text: string }) {
  const { t } = useSpeech();
  // The middle is no difference; the longer arm fills its half.
  const reach = Math.max(0.02, Math.abs(interval.low), Math.abs(interval.high));
  const place = (value: number) => `${50 + (value / reach) * 50}%`;
  return (
    <span className="difference" data-worse={interval.isWorse}>
      {text}
      <span className="difference-track" aria-hidden="true">
        <span style={{ left: place(interval.low), right: `calc(100% - ${place(interval.high)})` }} />
        <i style={{ left: place(interval.at) }} />
      </span>
      {interval.isWorse ? (
        <Badge tone="bad">{t("ana.worse")}</Badge>
      ) : interval.high < 0 ? (
        <Badge tone="good">{t("ana.better")}</Badge>
      ) : (
        <span className="faint">{t("ana.unclear")}</span>
      )}
    </span>
  );
}
