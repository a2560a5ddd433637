import { Link, useLocation } from "wouter";
import type { Message } from "../../api/methods";
import { useNow } from "../../components/now";
import { type Column, Table } from "../../components/Table";
import { NOTHING } from "../../i18n/format";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { metricName, namedValue } from "../live/names";
import { KindBadge, SeverityBadge, StateBadge } from "./badges";

type Alert = Message<"Alert">;

interface Props {
  readonly caption: string;
  readonly alerts: readonly Alert[];
  /** What stands in the last column. */
  readonly last: "state" | "resolved" | "period";
  /** They are stored, and have a page of their own. */
  readonly linked?: boolean;
}

/** Alerts, one in a row. */
export function AlertTable({ caption, alerts, last, linked = true }: Props) {
  const { href } = useScope();
  const [, navigate] = useLocation();
  const columns = useColumns(last, linked);
  return (
    <Table
      caption={caption}
      columns={columns}
      rows={alerts}
      rowKey={(alert) => alert.id || `${alert.tenant} ${alert.metric} ${alert.currency} ${alert.startTime ?? ""} ${alert.kind}`}
      {...(linked ? { onOpen: (alert: Alert) => navigate(href(`/alertas/alerta/${alert.id}`)) } : {})}
    />
  );
}

function useColumns(last: Props["last"], linked: boolean): Column<Alert>[] {
  const { t, format } = useSpeech();
  const { href } = useScope();
  const now = useNow(30_000);
  const ago = (time: string | undefined) =>
    time === undefined ? (
      NOTHING
    ) : (
      <time dateTime={time} title={format.dateTime(new Date(time), now)}>
        {format.ago(new Date(time), now)}
      </time>
    );
  const ends: Record<Props["last"], Column<Alert>> = {
    state: {
      key: "state",
      title: t("alerts.column.state"),
      cell: (alert) => <StateBadge state={alert.state} />,
    },
    resolved: {
      key: "resolved",
      title: t("alerts.column.resolved"),
      cell: (alert) => (
        <>
          {ago(alert.resolvedAt)} <span className="faint">{alert.resolvedBy}</span>
        </>
      ),
    },
    period: {
      key: "period",
      title: t("alerts.column.period"),
      cell: (alert) => (alert.startTime === undefined ? NOTHING : format.dateTime(new Date(alert.startTime), now)),
    },
  };
  return [
    {
      key: "metric",
      title: t("alerts.column.what"),
      heading: true,
      cell: (alert) => {
        const name = metricName(alert.metric, t);
        return (
          <>
            {linked ? <Link href={href(`/alertas/alerta/${alert.id}`)}>{name}</Link> : name}
            <div className="alert-tenant">{alert.tenant}</div>
          </>
        );
      },
    },
    {
      key: "severity",
      title: t("alerts.column.severity"),
      cell: (alert) => (
        <span className="row alert-badges">
          <SeverityBadge severity={alert.severity} />
          <KindBadge kind={alert.kind} />
        </span>
      ),
    },
    {
      key: "observed",
      title: t("alerts.column.observed"),
      number: true,
      cell: (alert) => <strong>{namedValue(alert.metric, alert.currency, alert.observed, format)}</strong>,
    },
    {
      key: "expected",
      title: t("alerts.column.expected"),
      number: true,
      cell: (alert) => expectedOf(alert),
    },
    ...(last === "period" ? [] : [{ key: "opened", title: t("alerts.column.opened"), cell: (alert: Alert) => ago(alert.openedAt) }]),
    ends[last],
  ];

  function expectedOf(alert: Alert) {
    if (alert.kind !== "ALERT_KIND_THRESHOLD") return namedValue(alert.metric, alert.currency, alert.expected, format);
    const bound = alert.upperBound || alert.lowerBound;
    return <span className="soft">{t("alerts.limitOf", { value: namedValue(alert.metric, alert.currency, bound, format) })}</span>;
  }
}
