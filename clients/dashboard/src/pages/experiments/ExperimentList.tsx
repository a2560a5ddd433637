import { useState } from "react";
import { Link, useLocation } from "wouter";
import { usePages } from "../../api/hooks";
import { mayEdit, useSession } from "../../api/session";
import { Button } from "../../components/Button";
import { Card } from "../../components/Card";
import { useNow } from "../../components/now";
import { Segmented } from "../../components/Segmented";
import { EmptyState, ErrorState, SkeletonLines } from "../../components/states";
import { type Column, Table } from "../../components/Table";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { ExperimentBadge, VerdictBadge } from "./badges";
import { daysOf, isLive } from "./lifecycle";
import { type ExperimentRecord, type ExperimentState, SERVICE } from "./types";
import { useVerdicts, type Verdicts } from "./verdicts";

const FILTERS = ["live", "archived"] as const;
const NOW: ExperimentState[] = [];
const ARCHIVED: ExperimentState[] = ["EXPERIMENT_STATE_ARCHIVED"];

/** The experiments of the environment. */
export function ExperimentList() {
  const { t } = useSpeech();
  const { environment, href } = useScope();
  const [, navigate] = useLocation();
  const editor = mayEdit(useSession());
  const [filter, setFilter] = useState<(typeof FILTERS)[number]>("live");
  const asked = { environment, states: filter === "live" ? NOW : ARCHIVED };
  const { pages, problem, more, reload } = usePages(`${SERVICE}/ListExperiments`, asked);
  const found = pages?.flatMap((page) => page.records);
  const keys = (found ?? []).filter((record) => isLive(record.state)).map(keyOf);
  const columns = useColumns(useVerdicts(environment, keys));
  const open = (record: ExperimentRecord) => navigate(href(`/experimentos/experimento/${keyOf(record)}`));
  return (
    <>
      <div className="page-head">
        <h1>{t("exp.title")}</h1>
        {editor && (
          <div className="page-actions">
            <Link className="button button-primary" href={href("/experimentos/novo")}>
              {t("exp.new")}
            </Link>
          </div>
        )}
        <p className="page-note">{t("exp.lead")}</p>
      </div>
      <div>
        <Segmented
          label={t("exp.filter")}
          options={FILTERS.map((key) => ({ key, label: t(`exp.filter.${key}`) }))}
          chosen={filter}
          onChoose={setFilter}
        />
      </div>
      <Card flush={found !== undefined && found.length > 0}>
        {problem !== undefined && found === undefined ? (
          <ErrorState problem={problem} retry={reload} />
        ) : found === undefined ? (
          <SkeletonLines lines={6} />
        ) : found.length === 0 ? (
          <EmptyState icon="experiments" title={t(filter === "live" ? "exp.none" : "exp.noneArchived")}>
            {filter === "live" && <p>{t("exp.noneLead")}</p>}
          </EmptyState>
        ) : (
          <div className="flag-table">
            <Table caption={t("exp.title")} columns={columns} rows={found} rowKey={keyOf} onOpen={open} />
          </div>
        )}
      </Card>
      {more !== undefined && (
        <div>
          <Button onClick={more}>{t("action.more")}</Button>
        </div>
      )}
    </>
  );
}

function keyOf(record: ExperimentRecord): string {
  return record.experiment?.key ?? "";
}

function useColumns(verdicts: Verdicts): Column<ExperimentRecord>[] {
  const { t, format } = useSpeech();
  const { href } = useScope();
  const now = useNow(60_000);
  return [
    {
      key: "key",
      title: t("exp.column.key"),
      heading: true,
      sort: keyOf,
      cell: (record) => (
        <>
          <Link className="mono" href={href(`/experimentos/experimento/${keyOf(record)}`)}>
            {keyOf(record)}
          </Link>
          <span className="flag-about">{record.experiment?.hypothesis}</span>
        </>
      ),
    },
    {
      key: "state",
      title: t("exp.column.state"),
      sort: (record) => t(`exp.state.${record.state}`),
      cell: (record) => (
        <>
          <ExperimentBadge state={record.state} />
          {isLive(record.state) && (
            <span className="narrow-only">
              <VerdictCell record={record} verdicts={verdicts} />
            </span>
          )}
        </>
      ),
    },
    {
      key: "verdict",
      title: t("exp.column.verdict"),
      cell: (record) => <VerdictCell record={record} verdicts={verdicts} />,
    },
    {
      key: "days",
      title: t("exp.column.days"),
      number: true,
      sort: (record) => daysOf(record, now),
      cell: (record) => daysOf(record, now) ?? "–",
    },
    {
      key: "flag",
      title: t("exp.column.flag"),
      sort: (record) => record.experiment?.flagKey,
      cell: (record) => (
        <Link className="mono" href={href(`/flags/flag/${record.experiment?.flagKey ?? ""}`)}>
          {record.experiment?.flagKey}
        </Link>
      ),
    },
    {
      key: "changed",
      title: t("exp.column.changed"),
      sort: (record) => record.updatedAt,
      cell: (record) => (
        <>
          <span className="nowrap">
            {record.updatedAt === undefined ? "" : format.ago(new Date(record.updatedAt), now)}
          </span>
          <span className="flag-tags">{record.updatedBy}</span>
        </>
      ),
    },
  ];
}

function VerdictCell({ record, verdicts }: { readonly record: ExperimentRecord; readonly verdicts: Verdicts }) {
  const { t } = useSpeech();
  const { decision } = record;
  if (decision !== undefined) return t(`exp.decided.${decision.kind}`, { variant: decision.variant });
  if (!isLive(record.state)) return <span className="faint">–</span>;
  const verdict = verdicts.get(keyOf(record));
  if (verdict === undefined) return <span className="faint">…</span>;
  return verdict === null ? (
    <span className="faint">{t("exp.verdict.unknown")}</span>
  ) : (
    <VerdictBadge verdict={verdict} />
  );
}
