import { useState } from "react";
import { Link, useLocation } from "wouter";
import { mayEdit, useSession } from "../../api/session";
import { Button } from "../../components/Button";
import { Card } from "../../components/Card";
import { useNow } from "../../components/now";
import { EmptyState, ErrorState, SkeletonLines } from "../../components/states";
import { type Column, Table } from "../../components/Table";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { StateBadge } from "./badges";
import { CreateFlag } from "./CreateFlag";
import { Filters } from "./Filters";
import { useAllFlags, useRevision } from "./listing";
import { coloured, Sentence } from "./Sentence";
import { serveParts } from "./sentences";
import { EVERYTHING, isWanted, stateOf, usualServe, type Wanted } from "./state";
import type { Flag, FlagRecord } from "./types";

/** So many are drawn at first, and more each time. */
const DRAWN = 100;

/** Kept while other pages are looked at. */
let remembered: Wanted = EVERYTHING;

/** The flags of the environment. */
export function FlagList() {
  const { t, counted } = useSpeech();
  const { environment, href } = useScope();
  const [, navigate] = useLocation();
  const editor = mayEdit(useSession());
  const [wanted, setWanted] = useState(remembered);
  const [drawn, setDrawn] = useState(DRAWN);
  const [creating, setCreating] = useState(false);
  const now = useNow(30_000);
  const delivery = useRevision(environment);
  const { records, problem, reload } = useAllFlags(environment, delivery.data?.revision, wanted.state === "archived");
  const columns = useColumns(now);
  const want = (next: Wanted) => {
    remembered = next;
    setWanted(next);
    setDrawn(DRAWN);
  };
  const found = (records ?? []).filter((record) => isWanted(record, wanted, now));
  return (
    <>
      <div className="page-head">
        <h1>{t("flags.title")}</h1>
        {delivery.data !== undefined && (
          <span className="soft small">{counted("flags.connected", delivery.data.connected)}</span>
        )}
        {editor && (
          <div className="page-actions">
            <Button look="primary" icon="plus" onClick={() => setCreating(true)}>
              {t("flags.new")}
            </Button>
          </div>
        )}
      </div>
      {creating && <CreateFlag onClose={() => setCreating(false)} onMade={(key) => navigate(href(`/flags/flag/${key}`))} />}
      <Filters records={records ?? []} wanted={wanted} onChange={want} />
      <Card flush={found.length > 0}>
        {problem !== undefined && records === undefined ? (
          <ErrorState problem={problem} retry={reload} />
        ) : records === undefined ? (
          <SkeletonLines lines={8} />
        ) : found.length === 0 ? (
          <EmptyState icon="flags" title={t(records.length === 0 ? "flags.none" : "flags.noneFound")}>
            {records.length === 0 ? (
              <p>{t("flags.noneLead")}</p>
            ) : (
              <Button onClick={() => want(EVERYTHING)}>{t("flags.filter.clear")}</Button>
            )}
          </EmptyState>
        ) : (
          <div className="flag-table">
            <Table
              caption={t("flags.title")}
              columns={columns}
              rows={found}
              most={drawn}
              rowKey={(record) => flagOf(record).key}
              order={{ key: "key", descending: false }}
              onOpen={(record) => navigate(href(`/flags/flag/${flagOf(record).key}`))}
            />
          </div>
        )}
      </Card>
      {found.length > 0 && (
        <div className="row row-between soft small">
          <span>{t("flags.shown", { shown: Math.min(found.length, drawn), all: records?.length ?? 0, environment })}</span>
          {found.length > drawn && <Button onClick={() => setDrawn(drawn + DRAWN)}>{t("action.more")}</Button>}
        </div>
      )}
    </>
  );
}

/** Records of a list have their flags. */
function flagOf(record: FlagRecord): Flag {
  if (record.flag === undefined) throw new Error("a record without its flag");
  return record.flag;
}

function useColumns(now: Date): Column<FlagRecord>[] {
  const speech = useSpeech();
  const { t, format } = speech;
  const { href } = useScope();
  return [
    {
      key: "key",
      title: t("flags.column.key"),
      heading: true,
      sort: (record) => flagOf(record).key,
      cell: (record) => {
        const { key, description } = flagOf(record);
        return (
          <>
            <Link className="mono" href={href(`/flags/flag/${key}`)}>
              {key}
            </Link>
            <span className="flag-about">{description}</span>
          </>
        );
      },
    },
    {
      key: "state",
      title: t("flags.column.state"),
      sort: (record) => stateOf(flagOf(record), record.archived, now),
      cell: (record) => <StateBadge state={stateOf(flagOf(record), record.archived, now)} />,
    },
    {
      key: "type",
      title: t("flags.column.type"),
      sort: (record) => t(`flags.type.${flagOf(record).type}`),
      cell: (record) => <span className="soft">{t(`flags.type.${flagOf(record).type}`)}</span>,
    },
    {
      key: "serves",
      title: t("flags.column.serves"),
      cell: (record) => <Serves record={record} now={now} />,
    },
    {
      key: "owner",
      title: t("flags.column.owner"),
      sort: (record) => flagOf(record).owner,
      cell: (record) => (
        <>
          {flagOf(record).owner}
          <span className="flag-tags">{flagOf(record).tags.join(" · ")}</span>
        </>
      ),
    },
    {
      key: "changed",
      title: t("flags.column.changed"),
      sort: (record) => record.updatedAt,
      cell: (record) => (
        <>
          <span className="nowrap">
            {record.updatedAt === undefined ? "" : format.ago(new Date(record.updatedAt), now)}
          </span>
          <span className="flag-tags">{t("flags.changedBy", { by: record.updatedBy })}</span>
        </>
      ),
    },
  ];
}

function Serves({ record, now }: { readonly record: FlagRecord; readonly now: Date }) {
  const speech = useSpeech();
  const flag = flagOf(record);
  const state = stateOf(flag, record.archived, now);
  const names = coloured(flag);
  const rules = state === "on" ? flag.rules.length + flag.targets.length : 0;
  return (
    <>
      <Sentence parts={serveParts(usualServe(flag, state), speech, true)} variants={names} />
      {rules > 0 && <span className="flag-tags">{speech.counted("flags.exceptions", rules)}</span>}
    </>
  );
}
