import { usePages } from "../../api/hooks";
import { Button } from "../../components/Button";
import { Card } from "../../components/Card";
import { EmptyState, ErrorState, SkeletonLines } from "../../components/states";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { AlertTable } from "./AlertTable";

const PAGE_SIZE = 50;

/** Alerts that are over, the newest first. */
export function ResolvedAlertList() {
  const { t } = useSpeech();
  const { environment, tenant } = useScope();
  const { pages, problem, more, reload } = usePages("mirante.api.metrics.v1.AlertService/ListAlerts", {
    environment,
    states: ["ALERT_STATE_RESOLVED"],
    tenants: tenant === "" ? [] : [tenant],
    pageSize: PAGE_SIZE,
  });
  if (pages === undefined) return problem === undefined ? <SkeletonLines /> : <ErrorState problem={problem} retry={reload} />;
  const alerts = pages.flatMap((page) => page.alerts);
  return (
    <div className="stack">
      <Card flush>
        {alerts.length === 0 ? (
          <EmptyState title={t("alerts.noResolved")} />
        ) : (
          <AlertTable caption={t("alerts.tab.resolved")} alerts={alerts} last="resolved" />
        )}
      </Card>
      {problem !== undefined && <ErrorState problem={problem} />}
      {more !== undefined && (
        <div>
          <Button onClick={more}>{t("action.more")}</Button>
        </div>
      )}
    </div>
  );
}
