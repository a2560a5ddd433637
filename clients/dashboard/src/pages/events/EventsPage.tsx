import { useLocation, useRoute } from "wouter";
import { Tabs } from "../../components/Tabs";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { CatalogueTab } from "./CatalogueTab";
import { DeadLettersTab } from "./DeadLettersTab";
import { EventPage } from "./EventPage";
import { TailTab } from "./TailTab";
import "./events.css";

const ROOT = "/eventos";
const PATHS = { tail: ROOT, catalogue: `${ROOT}/catalogo`, dead: `${ROOT}/rejeitados` } as const;
const KEYS = ["tail", "catalogue", "dead"] as const;

/** What comes in, what should, and what was rejected. */
export default function EventsPage() {
  const [isEvent, parameters] = useRoute("/eventos/catalogo/:name");
  return isEvent ? <EventPage key={parameters.name} name={parameters.name} /> : <EventTabs />;
}

function EventTabs() {
  const { t } = useSpeech();
  const { href, tenant } = useScope();
  const [path, navigate] = useLocation();
  const chosen = KEYS.find((key) => PATHS[key] === path) ?? "tail";
  return (
    <>
      <div className="page-head">
        <h1>{t("events.title")}</h1>
        {chosen === "tail" && (
          <span className="soft">{tenant === "" ? t("events.tail.allTenants") : t("events.tail.of", { tenant })}</span>
        )}
      </div>
      <Tabs
        label={t("events.title")}
        tabs={KEYS.map((key) => ({ key, label: t(`events.tab.${key}`) }))}
        chosen={chosen}
        onChoose={(key) => navigate(href(PATHS[key]), { replace: true })}
      >
        {chosen === "tail" && <TailTab key={tenant} />}
        {chosen === "catalogue" && <CatalogueTab />}
        {chosen === "dead" && <DeadLettersTab />}
      </Tabs>
    </>
  );
}
