import type { CSSProperties } from "react";
import type { Message } from "../../../api/methods";
import { useSpeech } from "../../../i18n/language";
import { count } from "../asking/question";
import { dateText } from "./model";

/** Cohorts by the unit after them, as a table whose cells are the darker the more came back. */
export function RetentionTriangle({ result }: { readonly result: Message<"RetentionResult"> }) {
  const speech = useSpeech();
  const { t, format } = speech;
  const width = Math.max(0, ...result.cohorts.map((each) => each.cells.length));
  const offsets = Array.from({ length: width }, (_, offset) => offset);
  const shares = new Map(result.shares.map((each) => [each.offset, each]));
  return (
    <div className="stack-tight">
      <div className="table-frame triangle-frame" tabIndex={0} role="region" aria-label={t("ana.retention.triangle")}>
        <table className="triangle">
          <caption className="visually-hidden">{t("ana.retention.triangle")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("ana.retention.cohortColumn")}</th>
              <th scope="col">{t("ana.column.people")}</th>
              {offsets.map((offset) => (
                <th key={offset} scope="col">
                  {offset}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {result.cohorts.map((cohort) => (
              <tr key={cohort.label}>
                <th scope="row">
                  {dateText(cohort.label, speech)}
                  {cohort.incomplete && "*"}
                </th>
                <td>{format.number(cohort.actors)}</td>
                {offsets.map((offset) => (
                  <Cell key={offset} cell={cohort.cells[offset]} actors={count(cohort.actors)} />
                ))}
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">{t("ana.retention.shares")}</th>
              <td />
              {offsets.map((offset) => {
                const share = shares.get(offset)?.share;
                return <td key={offset}>{share === undefined ? "" : format.percent(share, 0)}</td>;
              })}
            </tr>
          </tfoot>
        </table>
      </div>
      <p className="small faint">{t("ana.retention.partialMark")}</p>
    </div>
  );
}

function Cell({ cell, actors }: { readonly cell: Message<"RetentionCell"> | undefined; readonly actors: number }) {
  const { t, format } = useSpeech();
  if (cell?.returned === undefined || actors === 0) return <td className="triangle-none" />;
  const share = count(cell.returned) / actors;
  const told = t("ana.retention.cell", {
    share: format.percent(share),
    returned: format.number(cell.returned),
    actors: format.number(actors),
  });
  return (
    <td
      className="triangle-cell"
      data-incomplete={cell.incomplete}
      data-strong={share > 0.55}
      title={cell.incomplete ? t("ana.partial", { label: told }) : told}
      style={{ "--share": `${Math.round(Math.min(1, share) * 100)}%` } as CSSProperties}
    >
      {format.percent(share, 0)}
      {cell.incomplete && <span className="visually-hidden"> {t("ana.partial", { label: "" })}</span>}
    </td>
  );
}
