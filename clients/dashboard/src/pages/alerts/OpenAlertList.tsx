import { Card } from "../../components/Card";
import { EmptyState, ErrorState, SkeletonLines } from "../../components/states";
import { useSpeech } from "../../i18n/language";
import { useAlerts } from "../../shell/alerts";
import { useScope } from "../../shell/scope";
import { ranked } from "../../shell/unresolved";
import { AlertTable } from "./AlertTable";

/** Alerts that are open or acknowledged, live. */
export function OpenAlertList() {
  const { t } = useSpeech();
  const { tenant } = useScope();
  const { alerts, problem } = useAlerts();
  if (problem !== undefined) return <ErrorState problem={problem} />;
  if (alerts === undefined) return <SkeletonLines />;
  const shown = ranked(alerts.values()).filter((alert) => tenant === "" || alert.tenant === tenant);
  return (
    <Card flush>
      {shown.length === 0 ? (
        <EmptyState icon="check" title={t("alerts.noOpen")}>
          <p>{t("alerts.noOpenLead")}</p>
        </EmptyState>
      ) : (
        <AlertTable caption={t("alerts.tab.open")} alerts={shown} last="state" />
      )}
    </Card>
  );
}
