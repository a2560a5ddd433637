import { type ReactNode, useMemo } from "react";
import { useLocation } from "wouter";
import { useSession } from "../../api/session";
import { Badge } from "../../components/Badge";
import { type Tab, Tabs } from "../../components/Tabs";
import { useSpeech } from "../../i18n/language";
import { useAlerts } from "../../shell/alerts";
import { useScope } from "../../shell/scope";
import { AlertDetail } from "./AlertDetail";
import { OpenAlertList } from "./OpenAlertList";
import { Replay } from "./Replay";
import { ResolvedAlertList } from "./ResolvedAlertList";
import { Rules } from "./Rules";
import { Silences } from "./Silences";
import { Webhooks } from "./Webhooks";
import "./alerts.css";

const ROOT = "/alertas";
const DETAIL = `${ROOT}/alerta/`;

const TABS = {
  open: { path: ROOT, view: <OpenAlertList /> },
  resolved: { path: `${ROOT}/resolvidos`, view: <ResolvedAlertList /> },
  silences: { path: `${ROOT}/silencios`, view: <Silences /> },
  rules: { path: `${ROOT}/regras`, view: <Rules /> },
  webhooks: { path: `${ROOT}/webhooks`, view: <Webhooks /> },
  replay: { path: `${ROOT}/replay`, view: <Replay /> },
} satisfies Record<string, { path: string; view: ReactNode }>;

type TabKey = keyof typeof TABS;

const KEYS = Object.keys(TABS) as TabKey[];

/** What is or was unusual, and what is done about it. */
export default function AlertsPage() {
  const [path] = useLocation();
  return path.startsWith(DETAIL) ? <AlertDetail id={path.slice(DETAIL.length)} /> : <AlertTabs />;
}

function AlertTabs() {
  const { t, format } = useSpeech();
  const { href, tenant } = useScope();
  const session = useSession();
  const { alerts } = useAlerts();
  const [path, navigate] = useLocation();
  const chosen = KEYS.find((key) => TABS[key].path === path) ?? "open";
  const open = useMemo(
    () => [...(alerts?.values() ?? [])].filter((alert) => tenant === "" || alert.tenant === tenant).length,
    [alerts, tenant],
  );
  const tabs = KEYS.filter((key) => key !== "webhooks" || session.person.role === "admin").map(
    (key): Tab<TabKey> => ({
      key,
      label: t(`alerts.tab.${key}`),
      ...(key === "open" && open > 0 ? { mark: <Badge tone="bad">{format.number(open)}</Badge> } : {}),
    }),
  );
  return (
    <>
      <div className="page-head">
        <h1>{t("alerts.title")}</h1>
        <span className="soft">{tenant === "" ? t("alerts.everywhere") : t("alerts.of", { tenant })}</span>
      </div>
      <Tabs
        label={t("alerts.title")}
        tabs={tabs}
        chosen={chosen}
        onChoose={(key) => navigate(href(TABS[key].path), { replace: true })}
      >
        {TABS[chosen].view}
      </Tabs>
    </>
  );
}
