import { useState } from "react";
import { usePages } from "../../api/hooks";
import type { Message } from "../../api/methods";
import { mayEdit, useSession } from "../../api/session";
import { Badge } from "../../components/Badge";
import { Button } from "../../components/Button";
import { Card } from "../../components/Card";
import { EmptyState, ErrorState, SkeletonLines } from "../../components/states";
import { type Column, Table } from "../../components/Table";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { metricName, namedValue } from "../live/names";
import { SeverityBadge } from "./badges";
import { RuleDialog } from "./RuleDialog";

type Record = Message<"AlertRuleRecord">;

/** What is watched. */
export function Rules() {
  const { t } = useSpeech();
  const { environment } = useScope();
  const session = useSession();
  const [editing, setEditing] = useState<Record | "new">();
  const { pages, problem, more, reload } = usePages("mirante.api.metrics.v1.AlertService/ListAlertRules", { environment });
  const columns = useColumns(setEditing);
  const records = pages?.flatMap((page) => page.records);
  return (
    <div className="stack">
      {mayEdit(session) && (
        <div className="row toolbar">
          <Button icon="plus" look="primary" onClick={() => setEditing("new")}>
            {t("alerts.rule.new")}
          </Button>
        </div>
      )}
      <Card flush>
        {records === undefined ? (
          problem === undefined ? (
            <SkeletonLines />
          ) : (
            <ErrorState problem={problem} retry={reload} />
          )
        ) : records.length === 0 ? (
          <EmptyState title={t("alerts.rule.none")}>
            <p>{t("alerts.rule.noneLead")}</p>
          </EmptyState>
        ) : (
          <Table
            caption={t("alerts.tab.rules")}
            columns={columns}
            rows={records}
            rowKey={(record) => record.rule?.key ?? ""}
            onOpen={setEditing}
          />
        )}
      </Card>
      {more !== undefined && (
        <div>
          <Button onClick={more}>{t("action.more")}</Button>
        </div>
      )}
      {editing !== undefined && (
        <RuleDialog
          record={editing === "new" ? undefined : editing}
          onClose={() => setEditing(undefined)}
          onDone={() => {
            setEditing(undefined);
            reload();
          }}
        />
      )}
    </div>
  );
}

function useColumns(open: (record: Record) => void): Column<Record>[] {
  const { t, format, counted } = useSpeech();
  const condition = (rule: Message<"AlertRule">) => {
    if (rule.threshold === undefined) return t("alerts.rule.anomaly");
    const { comparison, value, heldFor } = rule.threshold;
    const written = namedValue(rule.metric, rule.currency, value, format);
    const minutes = Number.parseInt(heldFor ?? "0", 10) / 60;
    const bound = comparison === "THRESHOLD_COMPARISON_BELOW" ? "alerts.rule.belowValue" : "alerts.rule.aboveValue";
    const held = minutes > 0 ? ` ${t("alerts.rule.forMinutes", { minutes })}` : "";
    return `${t(bound, { value: written })}${held}`;
  };
  return [
    {
      key: "key",
      title: t("alerts.rule.key"),
      heading: true,
      sort: (record) => record.rule?.key,
      cell: (record) => (
        <button type="button" className="link" onClick={() => open(record)}>
          {record.rule?.key}
        </button>
      ),
    },
    {
      key: "metric",
      title: t("alerts.rule.metric"),
      cell: (record) => record.rule && metricName(record.rule.metric, t),
    },
    { key: "condition", title: t("alerts.rule.condition"), cell: (record) => record.rule && condition(record.rule) },
    {
      key: "tenants",
      title: t("alerts.rule.tenants"),
      cell: (record) => {
        const tenants = record.rule?.tenants ?? [];
        return tenants.length === 0 ? t("shell.allTenants") : counted("alerts.rule.someTenants", tenants.length);
      },
    },
    {
      key: "severity",
      title: t("alerts.rule.severity"),
      cell: (record) => record.rule && <SeverityBadge severity={record.rule.severity} />,
    },
    {
      key: "state",
      title: t("alerts.rule.state"),
      cell: (record) => (
        <span className="row">
          <Badge tone={record.rule?.disabled === true ? "plain" : "good"} dot>
            {t(record.rule?.disabled === true ? "alerts.rule.disabled" : "alerts.rule.enabled")}
          </Badge>
          {record.openAlerts > 0 && <Badge tone="bad">{counted("alerts.rule.open", record.openAlerts)}</Badge>}
        </span>
      ),
    },
    {
      key: "updated",
      title: t("alerts.rule.updated"),
      cell: (record) => (
        <span className="soft nowrap">
          {record.updatedBy}
          {record.updatedAt === undefined ? "" : `, ${format.dateTime(new Date(record.updatedAt), new Date())}`}
        </span>
      ),
    },
  ];
}
