import { useEffect, useRef } from "react";
import { Link, useLocation } from "wouter";
import { Icon, Mark } from "../components/icons";
import { useSpeech } from "../i18n/language";
import { useAlerts } from "./alerts";
import { isAt, PAGES } from "./pages";
import { useScope } from "./scope";

/** The menu: at the side of wide screens, at the bottom of narrow ones. */
export function Sidebar() {
  const { t } = useSpeech();
  const { href } = useScope();
  const [path] = useLocation();
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // Phones do not hold all of them.
    list.current?.querySelector("[aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [path]);
  return (
    <nav className="sidebar" aria-label={t("nav.main")}>
      <Brand />
      <div className="nav" ref={list}>
        {PAGES.map((page) => (
          <Link key={page.path} href={href(page.path)} aria-current={isAt(path, page) ? "page" : undefined}>
            <Icon name={page.icon} />
            {t(page.title)}
            {page.path === "/alertas" && <OpenCount />}
          </Link>
        ))}
      </div>
    </nav>
  );
}

function OpenCount() {
  const { counted, format } = useSpeech();
  const { alerts } = useAlerts();
  const open = [...(alerts?.values() ?? [])].filter((each) => each.state === "ALERT_STATE_OPEN").length;
  if (open === 0) return null;
  return (
    <span className="badge badge-bad count">
      <span aria-hidden="true">{format.number(open)}</span>
      <span className="visually-hidden">{counted("nav.openAlerts", open)}</span>
    </span>
  );
}

/** The mark and the name, which lead to the first page. */
export function Brand() {
  const { t } = useSpeech();
  const { href } = useScope();
  return (
    <Link className="brand" href={href("/")} aria-label={t("app.name")}>
      <Mark />
      <span>{t("app.name")}</span>
    </Link>
  );
}
