import { useState } from "react";
import { Link } from "wouter";
import { Card } from "../../components/Card";
import { EmptyState, ErrorState, SkeletonLines } from "../../components/states";
import { type Column, Table } from "../../components/Table";
import { useSpeech } from "../../i18n/language";
import { useAlerts } from "../../shell/alerts";
import { useOverview } from "../../shell/overview";
import { useScope } from "../../shell/scope";
import { AsOf } from "./AsOf";
import { rowsOf, type TenantRow, totalsOf } from "./rows";
import { Trend } from "./Trend";

/** Of more tenants than this the filter has to tell. */
const DRAWN = 200;

/** The live numbers of every tenant, ranked. */
export function AllTenants() {
  const { t, format } = useSpeech();
  const { setTenant, environment } = useScope();
  const { frames, problem, receivedAt, open } = useOverview();
  const { alerts } = useAlerts();
  const [search, setSearch] = useState("");
  const columns = useColumns(environment);
  if (problem !== undefined) return <ErrorState problem={problem} />;
  const rows = rowsOf(frames ?? new Map(), alerts ?? new Map());
  const found = rows.filter((row) => row.tenant.toLowerCase().includes(search.trim().toLowerCase()));
  const totals = totalsOf(rows);
  return (
    <>
      <div className="page-head">
        <h1>{t("live.allTitle")}</h1>
        <AsOf asOf={totals.asOf} receivedAt={receivedAt} open={open} catchingUp={totals.catchingUp} />
      </div>
      {frames === undefined ? (
        <Card>
          <SkeletonLines lines={8} />
        </Card>
      ) : rows.length === 0 ? (
        <Card>
          <EmptyState icon="shop" title={t("live.noTenants")}>
            <p>{t("live.noTenantsLead")}</p>
          </EmptyState>
        </Card>
      ) : (
        <>
          <dl className="totals">
            <Total name={t("live.total.sales")} values={[format.number(totals.sales)]} />
            <Total
              name={t("live.total.revenue")}
              values={totals.revenue.map(({ currency, value }) => format.money(value, currency))}
            />
            <Total name={t("live.metric.usuarios_online")} values={[format.number(totals.online)]} />
            <Total name={t("live.alerts.title")} values={[format.number(totals.alerts)]} />
          </dl>
          <Card
            flush
            title={t("live.tenantsShown", { shown: Math.min(found.length, DRAWN), all: rows.length })}
            actions={
              <input
                className="input"
                type="search"
                aria-label={t("live.searchTable")}
                placeholder={t("live.searchTable")}
                value={search}
                onChange={(event) => setSearch(event.target.value)}
              />
            }
          >
            <Table
              caption={t("live.allTitle")}
              columns={columns}
              rows={found}
              most={DRAWN}
              rowKey={(row) => row.tenant}
              order={{ key: "revenue", descending: true }}
              onOpen={(row) => setTenant(row.tenant)}
            />
          </Card>
        </>
      )}
    </>
  );
}

function Total({ name, values }: { readonly name: string; readonly values: readonly string[] }) {
  return (
    <div className="total">
      <dt>{name}</dt>
      {values.map((value) => (
        <dd key={value}>{value}</dd>
      ))}
    </div>
  );
}

function useColumns(environment: string): Column<TenantRow>[] {
  const { t, format } = useSpeech();
  const address = (tenant: string) => `/?${new URLSearchParams({ env: environment, tenant }).toString()}`;
  return [
    {
      key: "tenant",
      title: t("live.column.tenant"),
      heading: true,
      sort: (row) => row.tenant,
      cell: (row) => <Link href={address(row.tenant)}>{row.tenant}</Link>,
    },
    {
      key: "revenue",
      title: t("live.column.revenue"),
      number: true,
      sort: (row) => Number(row.revenue[0]?.value ?? 0),
      cell: (row) => row.revenue.map(({ currency, value }) => <div key={currency}>{format.money(value, currency)}</div>),
    },
    {
      key: "week",
      title: t("live.column.week"),
      number: true,
      sort: (row) => (row.revenue[0]?.lastWeek?.change ? Number(row.revenue[0].lastWeek.change) : undefined),
      cell: (row) => (
        <Trend
          trend={row.revenue[0]?.lastWeek}
          than=""
          brief
          write={(value) => format.money(value, row.revenue[0]?.currency ?? "")}
        />
      ),
    },
    {
      key: "sales",
      title: t("live.column.sales"),
      number: true,
      sort: (row) => row.sales,
      cell: (row) => format.number(row.sales),
    },
    {
      key: "online",
      title: t("live.column.online"),
      number: true,
      sort: (row) => row.online,
      cell: (row) => format.number(row.online),
    },
    {
      key: "conversion",
      title: t("live.column.conversion"),
      number: true,
      sort: (row) => (row.conversion === "" ? undefined : Number(row.conversion)),
      cell: (row) => format.percent(row.conversion),
    },
    {
      key: "errors",
      title: t("live.column.errors"),
      number: true,
      sort: (row) => row.errors,
      cell: (row) => format.number(row.errors),
    },
    {
      key: "alerts",
      title: t("live.column.alerts"),
      number: true,
      sort: (row) => row.alerts,
      cell: (row) => (row.alerts === 0 ? <span className="faint">0</span> : <strong>{format.number(row.alerts)}</strong>),
    },
  ];
}
