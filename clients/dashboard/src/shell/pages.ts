/** The pages in the order of the menu. Each is loaded when it is first opened. */
import { type ComponentType, lazy } from "react";
import type { IconName } from "../components/icons";
import type { PlainKey } from "../i18n/messages";

/** A page of the menu. */
export interface Page {
  /** Its address. Everything below it belongs to the page as well. */
  readonly path: string;
  readonly title: PlainKey;
  readonly icon: IconName;
  readonly view: ComponentType;
  /** Narrow screens have no room for it in the menu: it stands behind a button there. Such pages follow each other. */
  readonly rare: boolean;
  /** Loads it before it is drawn. */
  readonly load: () => Promise<unknown>;
}

type Load = () => Promise<{ default: ComponentType }>;

function page(path: string, title: PlainKey, icon: IconName, load: Load, rare = false): Page {
  return { path, title, icon, view: lazy(load), load, rare };
}

/** All pages. */
export const PAGES: readonly Page[] = [
  page("/", "nav.live", "live", () => import("../pages/live/LivePage")),
  page("/analises", "nav.analytics", "analytics", () => import("../pages/analytics/AnalyticsPage")),
  page("/flags", "nav.flags", "flags", () => import("../pages/flags/FlagsPage")),
  page("/experimentos", "nav.experiments", "experiments", () => import("../pages/experiments/ExperimentsPage"), true),
  page("/rollouts", "nav.rollouts", "rollouts", () => import("../pages/rollouts/RolloutsPage"), true),
  page("/programa", "nav.programme", "programme", () => import("../pages/programme/ProgrammePage"), true),
  page("/eventos", "nav.events", "events", () => import("../pages/events/EventsPage"), true),
  page("/alertas", "nav.alerts", "alerts", () => import("../pages/alerts/AlertsPage")),
];

/** Whether an address is a page's own or below it. */
export function isAt(path: string, page: Page): boolean {
  return path === page.path || (page.path !== "/" && path.startsWith(`${page.path}/`));
}
