import { useState } from "react";
import { call } from "../../api/call";
import { asProblem, useCall } from "../../api/hooks";
import type { Message } from "../../api/methods";
import { useSession } from "../../api/session";
import { Badge } from "../../components/Badge";
import { Button } from "../../components/Button";
import { Card } from "../../components/Card";
import { EmptyState, ErrorState, problemText, SkeletonLines } from "../../components/states";
import { type Column, Table } from "../../components/Table";
import { useToast } from "../../components/toasts";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { Deliveries } from "./Deliveries";
import { SecretDialog } from "./SecretDialog";
import { WebhookDialog } from "./WebhookDialog";

type Webhook = Message<"Webhook">;

/** Who is told of alerts, and what came of it. */
export function Webhooks() {
  const { t } = useSpeech();
  const { environment } = useScope();
  const session = useSession();
  const isAdmin = session.person.role === "admin";
  const [editing, setEditing] = useState<Webhook | "new">();
  const [secret, setSecret] = useState<string>();
  const [tested, setTested] = useState(0);
  const { data, problem, reload } = useCall(
    "mirante.api.metrics.v1.AlertService/ListWebhooks",
    isAdmin ? { environment } : null,
  );
  const columns = useColumns(setEditing, () => setTested((before) => before + 1));
  if (!isAdmin) return <EmptyState title={t("alerts.webhook.onlyAdmins")} />;
  return (
    <div className="stack">
      <div className="row toolbar">
        <Button icon="plus" look="primary" onClick={() => setEditing("new")}>
          {t("alerts.webhook.new")}
        </Button>
      </div>
      <Card flush>
        {data === undefined ? (
          problem === undefined ? (
            <SkeletonLines />
          ) : (
            <ErrorState problem={problem} retry={reload} />
          )
        ) : data.webhooks.length === 0 ? (
          <EmptyState title={t("alerts.webhook.none")}>
            <p>{t("alerts.webhook.noneLead")}</p>
          </EmptyState>
        ) : (
          <Table caption={t("alerts.tab.webhooks")} columns={columns} rows={data.webhooks} rowKey={(each) => each.id} />
        )}
      </Card>
      <Card flush title={t("alerts.delivery.title")}>
        <Deliveries key={tested} />
      </Card>
      {editing !== undefined && (
        <WebhookDialog
          webhook={editing === "new" ? undefined : editing}
          onClose={() => setEditing(undefined)}
          onDone={(made) => {
            setEditing(undefined);
            setSecret(made);
            reload();
          }}
        />
      )}
      {secret !== undefined && <SecretDialog secret={secret} onClose={() => setSecret(undefined)} />}
    </div>
  );
}

function useColumns(edit: (webhook: Webhook) => void, onTested: () => void): Column<Webhook>[] {
  const { t } = useSpeech();
  const { environment } = useScope();
  const tell = useToast();
  const test = async (webhook: Webhook) => {
    try {
      const { delivery } = await call("mirante.api.metrics.v1.AlertService/TestWebhook", { environment, webhookId: webhook.id });
      const attempt = delivery?.attempts[0];
      if (delivery?.state === "DELIVERY_STATE_DELIVERED") tell(t("alerts.webhook.testOk", { status: attempt?.status ?? "" }));
      else tell(t("alerts.webhook.testFailed", { error: attempt?.error ?? "" }), "bad");
      onTested();
    } catch (error) {
      tell(problemText(asProblem(error), t), "bad");
    }
  };
  return [
    {
      key: "url",
      title: t("alerts.webhook.url"),
      heading: true,
      cell: (webhook) => (
        <button type="button" className="link" onClick={() => edit(webhook)}>
          {webhook.url}
        </button>
      ),
    },
    { key: "description", title: t("alerts.webhook.description"), cell: (webhook) => webhook.description },
    {
      key: "events",
      title: t("alerts.webhook.events"),
      cell: (webhook) => {
        const usual = ["ALERT_EVENT_OPENED", "ALERT_EVENT_RESOLVED"] as const;
        const events = webhook.events.length === 0 ? usual : webhook.events;
        return events.map((event) => t(`alerts.webhook.event.${event}`)).join(", ");
      },
    },
    {
      key: "state",
      title: t("alerts.rule.state"),
      cell: (webhook) => (
        <Badge tone={webhook.disabled ? "plain" : "good"} dot>
          {t(webhook.disabled ? "alerts.webhook.disabled" : "alerts.webhook.active")}
        </Badge>
      ),
    },
    {
      key: "act",
      title: "",
      cell: (webhook) => <Button onClick={() => void test(webhook)}>{t("alerts.webhook.test")}</Button>,
    },
  ];
}
