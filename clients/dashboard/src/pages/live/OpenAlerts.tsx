import { Link } from "wouter";
import { Card } from "../../components/Card";
import { useNow } from "../../components/now";
import { EmptyState, ErrorState, SkeletonLines } from "../../components/states";
import { useSpeech } from "../../i18n/language";
import { useAlerts } from "../../shell/alerts";
import { useScope } from "../../shell/scope";
import { ranked } from "../../shell/unresolved";
import { KindBadge, SeverityBadge } from "../alerts/badges";
import { metricName } from "./names";

const SHOWN = 5;

/** The alerts of the tenant that are not resolved. */
export function OpenAlerts({ className }: { readonly className: string }) {
  const { t, format } = useSpeech();
  const { tenant, href } = useScope();
  const { alerts, problem } = useAlerts();
  const now = useNow(30_000);
  const own = ranked(alerts?.values() ?? []).filter((alert) => alert.tenant === tenant);
  return (
    <Card
      className={className}
      title={t("live.alerts.title")}
      actions={<Link href={href("/alertas")}>{t("live.alerts.all")}</Link>}
      flush={own.length > 0}
    >
      {problem !== undefined ? (
        <ErrorState problem={problem} />
      ) : alerts === undefined ? (
        <SkeletonLines lines={3} />
      ) : own.length === 0 ? (
        <EmptyState icon="check" title={t("live.alerts.none")}>
          <p>{t("live.alerts.noneLead")}</p>
        </EmptyState>
      ) : (
        <ul className="alert-list">
          {own.slice(0, SHOWN).map((alert) => (
            <li key={alert.id}>
              <Link href={href(`/alertas/alerta/${alert.id}`)} className="alert-link">
                <span className="row">
                  <SeverityBadge severity={alert.severity} />
                  <strong>{metricName(alert.metric, t)}</strong>
                  <KindBadge kind={alert.kind} />
                </span>
                <span className="small soft">
                  {alert.openedAt === undefined ? "" : format.ago(new Date(alert.openedAt), now)}
                </span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
