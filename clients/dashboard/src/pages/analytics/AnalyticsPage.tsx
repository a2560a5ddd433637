import { lazy, Suspense } from "react";
import { useLocation } from "wouter";
import { SkeletonLines } from "../../components/states";
import { Tabs } from "../../components/Tabs";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { NamesProvider } from "./asking/names";
import BoardsTab from "./boards/BoardsTab";
import "./analytics.css";

const ROOT = "/analises";
const TABS = {
  boards: { path: ROOT, view: BoardsTab },
  explore: { path: `${ROOT}/explorar`, view: lazy(() => import("./explore/ExploreTab")) },
  saved: { path: `${ROOT}/relatorios`, view: lazy(() => import("./saved/SavedTab")) },
  cohorts: { path: `${ROOT}/cohorts`, view: lazy(() => import("./cohorts/CohortsTab")) },
  sql: { path: `${ROOT}/sql`, view: lazy(() => import("./sql/SqlTab")) },
} as const;

type TabKey = keyof typeof TABS;
const KEYS = Object.keys(TABS) as TabKey[];

/** How people use vendas: boards, questions of one's own, cohorts, SQL. */
export default function AnalyticsPage() {
  const { t } = useSpeech();
  const { href, tenant } = useScope();
  const [path, navigate] = useLocation();
  const chosen = KEYS.find((key) => key !== "boards" && TABS[key].path === path) ?? "boards";
  const View = TABS[chosen].view;
  return (
    <NamesProvider>
      <div className="page-head">
        <h1>{t("ana.title")}</h1>
        <span className="soft">{tenant === "" ? t("shell.allTenants") : tenant}</span>
      </div>
      <Tabs
        label={t("ana.title")}
        tabs={KEYS.map((key) => ({ key, label: t(`ana.tab.${key}`) }))}
        chosen={chosen}
        onChoose={(key) => navigate(href(TABS[key].path))}
      >
        <Suspense fallback={<SkeletonLines lines={6} />}>
          <View />
        </Suspense>
      </Tabs>
    </NamesProvider>
  );
}
