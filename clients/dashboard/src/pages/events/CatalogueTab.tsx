import { useState } from "react";
import { Link, useLocation } from "wouter";
import type { Message } from "../../api/methods";
import { Badge } from "../../components/Badge";
import { Card } from "../../components/Card";
import { Segmented } from "../../components/Segmented";
import { EmptyState, ErrorState, SkeletonLines } from "../../components/states";
import { type Column, Table } from "../../components/Table";
import { NOTHING } from "../../i18n/format";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import type { Row, Standing } from "./catalogueRows";
import { PERIODS, useCovered, usePeriod } from "./coverage";
import { DayBars } from "./DayBars";

type Show = "all" | "unseen" | "undeclared" | "wrong";

const SHOWS: readonly Show[] = ["all", "unseen", "undeclared", "wrong"];
const TONES = { seen: "good", wrong: "bad", undeclared: "warn", unseen: "plain" } as const;

/** Which events should come in, and which do. */
export function CatalogueTab() {
  const { t } = useSpeech();
  const { environment, href } = useScope();
  const [, navigate] = useLocation();
  const [period, setPeriod] = usePeriod();
  const [search, setSearch] = useState("");
  const [show, setShow] = useState<Show>("all");
  const { rows, catalogue, problem, reload } = useCovered(environment, period);
  const columns = useColumns();
  const found = (rows ?? []).filter(
    (row) => (show === "all" || row.standing === show) && row.name.includes(search.trim().toLowerCase()),
  );
  if (rows === undefined) {
    return problem === undefined ? <SkeletonLines lines={8} /> : <ErrorState problem={problem} retry={reload} />;
  }
  if (rows.length === 0) {
    return (
      <Card>
        <EmptyState icon="events" title={t("events.catalogue.none")}>
          <p>{t("events.catalogue.noneLead")}</p>
        </EmptyState>
      </Card>
    );
  }
  return (
    <div className="stack">
      <Figures rows={rows} />
      <div className="row row-between catalogue-filters">
        <div className="row">
          <input
            className="input catalogue-search"
            type="search"
            aria-label={t("events.catalogue.search")}
            placeholder={t("events.catalogue.search")}
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
          <Segmented
            label={t("events.catalogue.show")}
            options={SHOWS.map((key) => ({ key, label: t(`events.catalogue.show.${key}`) }))}
            chosen={show}
            onChoose={setShow}
          />
        </div>
        <Segmented
          label={t("events.catalogue.days")}
          options={PERIODS.map((key) => ({ key, label: t("events.catalogue.daysShort", { days: key }) }))}
          chosen={period}
          onChoose={setPeriod}
        />
      </div>
      <Card flush={found.length > 0}>
        {found.length === 0 ? (
          <EmptyState icon="events" title={t("events.catalogue.noneFound")} />
        ) : (
          <div className="catalogue-table">
            <Table
              caption={t("events.tab.catalogue")}
              columns={columns}
              rows={found}
              rowKey={(row) => row.name}
              order={{ key: "accepted", descending: true }}
              onOpen={(row) => navigate(href(`/eventos/catalogo/${row.name}`))}
            />
          </div>
        )}
      </Card>
      {catalogue !== undefined && <Provenance catalogue={catalogue} />}
    </div>
  );
}

function Figures({ rows }: { readonly rows: readonly Row[] }) {
  const { t, format } = useSpeech();
  const declared = rows.filter((row) => row.definition !== undefined);
  const seen = declared.filter((row) => row.standing !== "unseen").length;
  const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0);
  const figures = [
    [t("events.catalogue.accepted"), format.number(sum((row) => row.accepted))],
    [t("events.catalogue.seen"), t("events.catalogue.seenOf", { seen, declared: declared.length })],
    [t("events.catalogue.undeclared"), format.number(rows.length - declared.length)],
    [t("events.catalogue.violating"), format.number(sum((row) => row.violating))],
    [t("events.catalogue.dead"), format.number(sum((row) => row.dead))],
  ] as const;
  return (
    <dl className="figures">
      {figures.map(([name, value]) => (
        <div key={name} className="figure">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function useColumns(): Column<Row>[] {
  const { t, format } = useSpeech();
  const { href } = useScope();
  const count = (value: number) => (value === 0 ? <span className="faint">0</span> : format.number(value));
  return [
    {
      key: "name",
      title: t("events.catalogue.column.name"),
      heading: true,
      sort: (row) => row.name,
      cell: (row) => (
        <>
          <Link className="mono" href={href(`/eventos/catalogo/${row.name}`)}>
            {row.name}
          </Link>
          <span className="event-about">{row.definition?.description}</span>
        </>
      ),
    },
    {
      key: "standing",
      title: t("events.catalogue.column.status"),
      sort: (row) => row.standing,
      cell: (row) => <StandingBadge standing={row.standing} />,
    },
    { key: "days", title: t("events.catalogue.column.days"), cell: (row) => <DayBars days={row.days} /> },
    {
      key: "accepted",
      title: t("events.catalogue.accepted"),
      number: true,
      sort: (row) => row.accepted,
      cell: (row) => count(row.accepted),
    },
    {
      key: "violating",
      title: t("events.catalogue.column.violating"),
      number: true,
      sort: (row) => row.violating,
      cell: (row) => count(row.violating),
    },
    { key: "dead", title: t("events.catalogue.dead"), number: true, sort: (row) => row.dead, cell: (row) => count(row.dead) },
    {
      key: "last",
      title: t("events.catalogue.column.last"),
      sort: (row) => row.lastDay,
      cell: (row) => (row.lastDay === undefined ? NOTHING : format.day(new Date(`${row.lastDay}T12:00:00Z`))),
    },
    {
      key: "owner",
      title: t("events.catalogue.column.owner"),
      sort: (row) => row.definition?.owner,
      cell: (row) => row.definition?.owner,
    },
  ];
}

/** How an event stands. */
export function StandingBadge({ standing }: { readonly standing: Standing }) {
  const { t } = useSpeech();
  return (
    <Badge tone={TONES[standing]} dot>
      {t(`events.catalogue.status.${standing}`)}
    </Badge>
  );
}

function Provenance({ catalogue }: { readonly catalogue: Message<"Catalogue"> }) {
  const { t, format } = useSpeech();
  const at = catalogue.updatedAt === undefined ? "" : format.dateTime(new Date(catalogue.updatedAt), new Date());
  return (
    <p className="small soft">
      {catalogue.version > 0 && `${t("events.catalogue.version", { version: catalogue.version, by: catalogue.updatedBy, at })}. `}
      {t(`events.catalogue.policy.${catalogue.policy}`)}.
    </p>
  );
}
