import { useEffect, useId, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import { Icon, Mark } from "../components/icons";
import { useSpeech } from "../i18n/language";
import { useAlerts } from "./alerts";
import { isAt, PAGES, type Page } from "./pages";
import { useScope } from "./scope";

const FIRST = PAGES.findIndex((page) => page.rare);
const LAST = PAGES.findLastIndex((page) => page.rare) + 1;

/** The menu: at the side of wide screens, at the bottom of narrow ones, where some pages stand behind a button. */
export function Sidebar() {
  const { t } = useSpeech();
  const [path] = useLocation();
  const [openAt, setOpenAt] = useState("");
  const root = useRef<HTMLElement>(null);
  const id = useId();
  // Whoever has gone to another page is done with it.
  const open = openAt === path;
  useEffect(() => {
    if (!open) return;
    const elsewhere = (event: PointerEvent) => {
      if (event.target instanceof Node && root.current?.contains(event.target) !== true) setOpenAt("");
    };
    document.addEventListener("pointerdown", elsewhere);
    return () => document.removeEventListener("pointerdown", elsewhere);
  }, [open]);
  const rare = PAGES.slice(FIRST, LAST);
  return (
    <nav
      className="sidebar"
      aria-label={t("nav.main")}
      ref={root}
      onKeyDown={(event) => {
        if (event.key === "Escape") setOpenAt("");
      }}
    >
      <Brand />
      <div className="nav">
        {PAGES.slice(0, FIRST).map((page) => (
          <PageLink key={page.path} page={page} path={path} />
        ))}
        <div className={open ? "nav-rare nav-rare-open" : "nav-rare"} id={id}>
          {rare.map((page) => (
            <PageLink key={page.path} page={page} path={path} />
          ))}
        </div>
        {PAGES.slice(LAST).map((page) => (
          <PageLink key={page.path} page={page} path={path} />
        ))}
        <button
          type="button"
          className={rare.some((page) => isAt(path, page)) ? "nav-more nav-more-current" : "nav-more"}
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpenAt(open ? "" : path)}
        >
          <Icon name="more" />
          {t("nav.more")}
        </button>
      </div>
    </nav>
  );
}

function PageLink({ page, path }: { readonly page: Page; readonly path: string }) {
  const { t } = useSpeech();
  const { href } = useScope();
  return (
    <Link href={href(page.path)} aria-current={isAt(path, page) ? "page" : undefined}>
      <Icon name={page.icon} />
      {t(page.title)}
      {page.path === "/alertas" && <OpenCount />}
    </Link>
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
