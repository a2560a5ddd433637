import { Suspense, useEffect, useRef } from "react";
import { useLocation } from "wouter";
import { EmptyState, SkeletonLines } from "../components/states";
import { useSpeech } from "../i18n/language";
import { AlertsProvider } from "./alerts";
import { ConnectionBanner } from "./Banner";
import { Crash } from "./Crash";
import { OverviewProvider } from "./overview";
import { isAt, PAGES } from "./pages";
import { useScope } from "./scope";
import { Sidebar } from "./Sidebar";
import { Topbar } from "./Topbar";

/** The frame, and the page of the address in it. */
export function Shell() {
  const { t } = useSpeech();
  const { environment } = useScope();
  const [path] = useLocation();
  const page = PAGES.find((each) => isAt(path, each));
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const title = page === undefined ? t("state.notFound") : t(page.title);
  useEffect(() => {
    document.title = `${title} · ${t("app.name")}`;
  }, [title, t]);
  useEffect(() => {
    // Who came by the menu hears and sees the new page from its beginning.
    if (first.current) first.current = false;
    else main.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [page]);
  const View = page?.view;
  return (
    <OverviewProvider key={environment}>
      <AlertsProvider>
        <a
          className="skip-link"
          href="#content"
          onClick={(event) => {
            event.preventDefault();
            main.current?.focus();
          }}
        >
          {t("app.skip")}
        </a>
        <div className="shell">
          <Sidebar />
          <div className="main-column">
            <Topbar />
            <ConnectionBanner />
            <main className="page" id="content" ref={main} tabIndex={-1}>
              <Crash at={`${path} ${environment}`}>
                <Suspense fallback={<SkeletonLines lines={6} />}>
                  {View === undefined ? (
                    <EmptyState title={t("state.notFound")}>
                      <p>{t("state.notFoundLead")}</p>
                    </EmptyState>
                  ) : (
                    <View key={environment} />
                  )}
                </Suspense>
              </Crash>
            </main>
          </div>
        </div>
      </AlertsProvider>
    </OverviewProvider>
  );
}
