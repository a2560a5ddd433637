import { type KeyboardEvent, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { useCall } from "../../../api/hooks";
import type { Message } from "../../../api/methods";
import { Button } from "../../../components/Button";
import { Card } from "../../../components/Card";
import { ErrorState, Skeleton, SkeletonLines } from "../../../components/states";
import { useSpeech } from "../../../i18n/language";
import { useScope } from "../../../shell/scope";
import { addressWith } from "../asking/address";
import { saveFile } from "../explore/saving";
import { secondsText } from "../results/model";
import { cellOf, csvOf } from "./rows";

const SERVICE = "mirante.api.metrics.v1.SqlService";
const FIRST = "SELECT name, count(*) AS vezes\nFROM events\nGROUP BY name\nORDER BY vezes DESC\nLIMIT 20";

/** Questions in SQL. The address holds the one that was asked. */
export default function SqlTab() {
  const { t } = useSpeech();
  const { environment, tenant } = useScope();
  const [path, navigate] = useLocation();
  const search = useSearch();
  const asked = new URLSearchParams(search).get("sql") ?? undefined;
  const [statement, setStatement] = useState(asked ?? FIRST);
  const whose = tenant === "" ? { allTenants: true } : { tenant };
  const tables = useCall(`${SERVICE}/DescribeTables`, { environment, ...whose });
  const { data, problem, loading, reload } = useCall(
    `${SERVICE}/RunSql`,
    asked === undefined ? null : { environment, ...whose, statement: asked },
  );
  const run = () => {
    if (statement === asked) reload();
    else navigate(addressWith(path, search, "sql", statement));
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    run();
  };
  return (
    <div className="stack">
      <p className="soft">{t("sql.lead")}</p>
      <div className="explore">
        <Card className="explore-form" title={t("sql.tables")}>
          {tables.data !== undefined ? (
            <Tables tables={tables.data.tables} />
          ) : tables.problem !== undefined ? (
            <ErrorState problem={tables.problem} retry={tables.reload} />
          ) : (
            <SkeletonLines lines={6} />
          )}
        </Card>
        <div className="stack explore-answer">
          <Card title={t("sql.statement")}>
            <div className="stack-tight">
              <textarea
                className="input mono sql-input"
                aria-label={t("sql.statement")}
                spellCheck={false}
                rows={8}
                value={statement}
                onChange={(event) => setStatement(event.target.value)}
                onKeyDown={keys}
              />
              <div className="row">
                <Button look="primary" disabled={loading || statement.trim() === ""} onClick={run}>
                  {t("explore.run")}
                </Button>
                <span className="small faint">{t("sql.hint")}</span>
              </div>
            </div>
          </Card>
          {asked !== undefined && (
            <Card flush>
              {problem !== undefined ? (
                <ErrorState problem={problem} retry={reload} />
              ) : data === undefined ? (
                <Skeleton height={160} />
              ) : (
                <Rows answer={data} />
              )}
            </Card>
          )}
        </div>
      </div>
    </div>
  );
}

function Tables({ tables }: { readonly tables: readonly Message<"SqlTable">[] }) {
  const { counted } = useSpeech();
  return (
    <div className="stack">
      {tables.map((table) => (
        <details key={table.name} open={table === tables[0]}>
          <summary>
            <code>{table.name}</code> <span className="faint small">{counted("sql.rows", Number(table.rows))}</span>
          </summary>
          <p className="small soft">{table.description}</p>
          <ul className="sql-columns">
            {table.columns.map((column) => (
              <li key={column.name} title={column.description}>
                <code>{column.name}</code> <span className="faint small">{column.type}</span>
              </li>
            ))}
          </ul>
        </details>
      ))}
    </div>
  );
}

function Rows({ answer }: { readonly answer: Message<"RunSqlResponse"> }) {
  const speech = useSpeech();
  const { t, counted, format } = speech;
  const rows = answer.rows.map((row) => row.cells.map(cellOf));
  const names = answer.columns.map((each) => each.name);
  const { limits } = answer;
  const save = () => saveFile(new Blob([csvOf(names, rows)], { type: "text/csv;charset=utf-8" }), "mirante-sql.csv");
  return (
    <div>
      <div className="row row-between sql-head">
        <span className="small soft">
          {answer.truncated ? t("sql.truncated", { rows: counted("sql.rows", rows.length) }) : counted("sql.rows", rows.length)}{" "}
          {t("sql.took", { time: secondsText(Number.parseFloat(answer.took ?? "0"), speech) })}
        </span>
        <Button onClick={save}>CSV</Button>
      </div>
      <div className="table-frame sql-frame" tabIndex={0} role="region" aria-label={t("sql.statement")}>
        <table className="table">
          <thead>
            <tr>
              {answer.columns.map((column, index) => (
                <th key={index} scope="col" title={column.type}>
                  {column.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={index}>
                {row.map((cell, at) => (
                  <td key={at}>{cell ?? <span className="faint">{t("sql.null")}</span>}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {limits !== undefined && (
        <p className="small faint sql-head">
          {t("sql.limits", {
            seconds: format.number(Number.parseFloat(limits.time ?? "0")),
            memory: format.number(limits.memoryMib),
            rows: format.number(limits.mostRows),
          })}
        </p>
      )}
    </div>
  );
}
