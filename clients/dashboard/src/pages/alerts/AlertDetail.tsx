import { useEffect, useRef, useState } from "react";
import { Link } from "wouter";
import { useCall } from "../../api/hooks";
import type { Message } from "../../api/methods";
import { mayEdit, useSession } from "../../api/session";
import { Button } from "../../components/Button";
import { Card } from "../../components/Card";
import { Icon } from "../../components/icons";
import { ErrorState, SkeletonLines } from "../../components/states";
import { useSpeech } from "../../i18n/language";
import { useAlerts } from "../../shell/alerts";
import { useScope } from "../../shell/scope";
import { metricName } from "../live/names";
import { AlertChart } from "./AlertChart";
import { AlertFacts } from "./AlertFacts";
import { KindBadge, SeverityBadge, StateBadge } from "./badges";
import { Deliveries } from "./Deliveries";
import { type Doing, NoteDialog } from "./NoteDialog";
import { SilenceDialog } from "./SilenceDialog";

/** One alert: what was seen, what was to be expected, and what people have done about it. */
export function AlertDetail({ id }: { readonly id: string }) {
  const { t } = useSpeech();
  const { environment, href } = useScope();
  const { alerts } = useAlerts();
  const live = alerts?.get(id);
  const asked = useCall("mirante.api.metrics.v1.AlertService/GetAlert", { environment, alertId: id });
  const { reload } = asked;
  const wasLive = useRef(false);
  useEffect(() => {
    // The stream lets go of what is resolved: its last state has to be asked for.
    if (wasLive.current && live === undefined) reload();
    wasLive.current = live !== undefined;
  }, [live, reload]);
  const [changed, setChanged] = useState<Message<"Alert">>();
  const alert = newest([asked.data?.alert, live, changed]);
  return (
    <>
      <Link className="back" href={href("/alertas")}>
        <Icon name="back" />
        {t("alerts.detail.back")}
      </Link>
      {alert === undefined ? (
        asked.problem === undefined ? (
          <SkeletonLines lines={6} />
        ) : (
          <ErrorState problem={asked.problem} retry={asked.reload} />
        )
      ) : (
        <Detail alert={alert} onChange={setChanged} />
      )}
    </>
  );
}

function newest(alerts: readonly (Message<"Alert"> | undefined)[]): Message<"Alert"> | undefined {
  const known = alerts.filter((alert) => alert !== undefined);
  return known.sort((a, b) => Number(BigInt(b.revision) - BigInt(a.revision)))[0];
}

interface Props {
  readonly alert: Message<"Alert">;
  readonly onChange: (alert: Message<"Alert">) => void;
}

function Detail({ alert, onChange }: Props) {
  const { t, format } = useSpeech();
  const session = useSession();
  const [doing, setDoing] = useState<Doing | "silence">();
  const name = metricName(alert.metric, t);
  return (
    <>
      <div className="page-head">
        <h1>{t("alerts.detail.at", { metric: name, tenant: alert.tenant })}</h1>
        <StateBadge state={alert.state} />
        <SeverityBadge severity={alert.severity} />
        <KindBadge kind={alert.kind} />
        {mayEdit(session) && (
          <div className="page-actions">
            {alert.state === "ALERT_STATE_OPEN" && (
              <Button look="primary" onClick={() => setDoing("acknowledge")}>
                {t("alerts.act.acknowledge")}
              </Button>
            )}
            {alert.state !== "ALERT_STATE_RESOLVED" && (
              <Button onClick={() => setDoing("resolve")}>{t("alerts.act.resolve")}</Button>
            )}
            <Button onClick={() => setDoing("note")}>{t("alerts.act.note")}</Button>
            <Button onClick={() => setDoing("silence")}>{t("alerts.act.silence")}</Button>
          </div>
        )}
      </div>
      <div className="grid">
        <Card className="span-8" title={t("alerts.detail.series")}>
          <AlertChart alert={alert} />
        </Card>
        <Card className="span-4" title={t("alerts.detail.evidence")}>
          <AlertFacts alert={alert} />
        </Card>
        <Card className="span-12" title={t("alerts.detail.notes")}>
          {alert.notes.length === 0 ? (
            <p className="soft">{t("alerts.detail.noNotes")}</p>
          ) : (
            <ol className="notes">
              {alert.notes.map((note) => (
                <li key={`${note.at ?? ""} ${note.by} ${note.text}`}>
                  <span className="small soft">
                    {note.by}
                    {note.at === undefined ? "" : `, ${format.dateTime(new Date(note.at), new Date())}`}
                  </span>
                  <p>{note.text}</p>
                </li>
              ))}
            </ol>
          )}
        </Card>
        {session.person.role === "admin" && (
          <Card className="span-12" flush title={t("alerts.detail.deliveries")}>
            <Deliveries key={alert.revision} alertId={alert.id} />
          </Card>
        )}
      </div>
      {doing === "silence" ? (
        <SilenceDialog
          first={{ tenant: alert.tenant, metric: alert.metric, rule: alert.ruleKey }}
          onClose={() => setDoing(undefined)}
          onDone={() => setDoing(undefined)}
        />
      ) : (
        doing !== undefined && (
          <NoteDialog doing={doing} alert={alert} onClose={() => setDoing(undefined)} onDone={onChange} />
        )
      )}
    </>
  );
}
