import type { alerts as pt } from "../pt/alerts";

/** The page of alerts. */
export const alerts: Record<keyof typeof pt, string> = {
  "alerts.title": "Alerts",
};
