import type { CSSProperties } from "react";
import type { Message } from "../../../api/methods";
import { useSpeech } from "../../../i18n/language";
import { count } from "../asking/question";
import { dateText } from "./model";

/** Cohorts by the unit after them, as a table whose cells are the darker the more came back. */
export function RetentionTriangle({ result }: { readonly result: Message<"RetentionResult"> }) {
  const speech = useSpeech();
  const { t, format } = speech;
  const begun = (each: Message<"RetentionCell">) => each.returned !== undefined;
  // Before anybody began there is nothing to see, and so it is after the last cell that has begun.
  const first = result.cohorts.findIndex((each) => count(each.actors) > 0);
  const cohorts = result.cohorts.slice(Math.max(0, first));
  const width = Math.max(0, ...cohorts.map((each) => each.cells.findLastIndex(begun) + 1));
  const offsets = Array.from({ length: width }, (_, offset) => offset);
  const most = Math.max(
    Number.MIN_VALUE,
    ...cohorts.flatMap((each) => each.cells.map((cell) => count(cell.returned) / Math.max(1, count(each.actors)))),
  );
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
            {cohorts.map((cohort) => (
              <tr key={cohort.label}>
                <th scope="row">
                  {dateText(cohort.label, speech)}
                  {cohort.incomplete && "*"}
                </th>
                <td>{format.number(cohort.actors)}</td>
                {offsets.map((offset) => (
                  <Cell key={offset} cell={cohort.cells[offset]} actors={count(cohort.actors)} most={most} />
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

interface CellProps {
  readonly cell: Message<"RetentionCell"> | undefined;
  readonly actors: number;
  /** The largest share of all: the darkest. */
  readonly most: number;
}

/** As dark as the darkest cell may be, so that its number can be read. */
const DARKEST = 62;

function Cell({ cell, actors, most }: CellProps) {
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
      title={cell.incomplete ? t("ana.partial", { label: told }) : told}
      style={{ "--share": `${Math.round((share / most) * DARKEST)}%` } as CSSProperties}
    >
      {format.percent(share, 0)}
      {cell.incomplete && <span className="visually-hidden"> {t("ana.partial", { label: "" })}</span>}
    </td>
  );
}
