import { useState } from "react";
import { Link, useLocation, useSearch } from "wouter";
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
import { Distance, RolloutBadge } from "./badges";
import { CreateRollout } from "./CreateRollout";
import { closestOf } from "./standing";
import { type RolloutRecord, type RolloutState, SERVICE } from "./types";

const FILTERS = {
  all: [],
  open: [
    "ROLLOUT_STATE_RUNNING",
    "ROLLOUT_STATE_WAITING_FOR_APPROVAL",
    "ROLLOUT_STATE_HELD",
    "ROLLOUT_STATE_PAUSED",
  ],
  breached: ["ROLLOUT_STATE_BREACHED", "ROLLOUT_STATE_ROLLED_BACK"],
} as const satisfies Record<string, readonly RolloutState[]>;
const KEYS = Object.keys(FILTERS) as (keyof typeof FILTERS)[];

/** The plans of the environment, the newest first. */
export function RolloutList() {
  const { t } = useSpeech();
  const { environment, href } = useScope();
  const [, navigate] = useLocation();
  const editor = mayEdit(useSession());
  const asked = new URLSearchParams(useSearch()).get("novo");
  const [filter, setFilter] = useState<keyof typeof FILTERS>("all");
  const [creating, setCreating] = useState(asked !== null && editor);
  const states = [...FILTERS[filter]];
  const { pages, problem, more, reload } = usePages(`${SERVICE}/ListRollouts`, { environment, states });
  const columns = useColumns();
  const found = pages?.flatMap((page) => page.rollouts);
  return (
    <>
      <div className="page-head">
        <h1>{t("roll.title")}</h1>
        {editor && (
          <div className="page-actions">
            <Button look="primary" icon="plus" onClick={() => setCreating(true)}>
              {t("roll.new")}
            </Button>
          </div>
        )}
        <p className="page-note">{t("roll.lead")}</p>
      </div>
      {creating && (
        <CreateRollout
          flagKey={asked ?? ""}
          onClose={() => setCreating(false)}
          onMade={(record) => navigate(href(`/rollouts/plano/${record.id}`))}
        />
      )}
      <div>
        <Segmented
          label={t("roll.column.state")}
          options={KEYS.map((key) => ({ key, label: t(`roll.filter.${key}`) }))}
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
          <EmptyState icon="rollouts" title={t("roll.none")}>
            <p>{t("roll.noneLead")}</p>
          </EmptyState>
        ) : (
          <div className="flag-table">
            <Table
              caption={t("roll.title")}
              columns={columns}
              rows={found}
              rowKey={(record) => record.id}
              onOpen={(record) => navigate(href(`/rollouts/plano/${record.id}`))}
            />
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

function useColumns(): Column<RolloutRecord>[] {
  const { t, format } = useSpeech();
  const { href } = useScope();
  const now = useNow(30_000);
  return [
    {
      key: "flag",
      title: t("roll.column.flag"),
      heading: true,
      sort: (record) => record.plan?.flagKey,
      cell: (record) => (
        <>
          <Link className="mono" href={href(`/rollouts/plano/${record.id}`)}>
            {record.plan?.flagKey}
          </Link>
          <span className="flag-tags">{t("roll.variantOf", { variant: record.plan?.variant ?? "" })}</span>
        </>
      ),
    },
    {
      key: "state",
      title: t("roll.column.state"),
      sort: (record) => t(`roll.state.${record.state}`),
      cell: (record) => (
        <>
          <RolloutBadge state={record.state} />
          <span className="narrow-only small soft">
            <StageCell record={record} />
          </span>
        </>
      ),
    },
    {
      key: "stage",
      title: t("roll.column.stage"),
      cell: (record) => <StageCell record={record} />,
    },
    {
      key: "guards",
      title: t("roll.column.guards"),
      cell: (record) => {
        const closest = closestOf(record.guards?.readings ?? []);
        if (closest?.distance === undefined) return <span className="faint">–</span>;
        return (
          <>
            <Distance label={closest.guard} distance={closest.distance} />
            <span className="flag-tags">{closest.guard}</span>
          </>
        );
      },
    },
    {
      key: "changed",
      title: t("roll.column.changed"),
      sort: (record) => record.stateSince,
      cell: (record) => (
        <span className="nowrap">
          {record.stateSince === undefined ? "" : format.ago(new Date(record.stateSince), now)}
        </span>
      ),
    },
  ];
}

function StageCell({ record }: { readonly record: RolloutRecord }) {
  const { t, format } = useSpeech();
  const stages = record.plan?.stages ?? [];
  const stage = stages[record.stage - 1];
  const all = stages.length;
  return (
    <>
      {record.stage === 0 ? t("roll.stageNone", { all }) : t("roll.stageOf", { stage: record.stage, all })}
      {stage !== undefined && <span className="flag-tags">{format.percent(stage.coverage / 100_000, 3)}</span>}
    </>
  );
}
