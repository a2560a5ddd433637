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
}

/** All pages. */
export const PAGES: readonly Page[] = [
  { path: "/", title: "nav.live", icon: "live", view: lazy(() => import("../pages/live/LivePage")) },
  { path: "/flags", title: "nav.flags", icon: "flags", view: lazy(() => import("../pages/flags/FlagsPage")) },
  { path: "/eventos", title: "nav.events", icon: "events", view: lazy(() => import("../pages/events/EventsPage")) },
  { path: "/alertas", title: "nav.alerts", icon: "alerts", view: lazy(() => import("../pages/alerts/AlertsPage")) },
];

/** Whether an address is a page's own or below it. */
export function isAt(path: string, page: Page): boolean {
  return path === page.path || (page.path !== "/" && path.startsWith(`${page.path}/`));
}
