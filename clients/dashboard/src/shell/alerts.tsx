/** The alerts that are not resolved, for every page: one stream of the environment. */
import { createContext, type ReactNode, use, useCallback, useMemo, useState } from "react";
import { useStream } from "../api/hooks";
import type { Message } from "../api/methods";
import type { ApiProblem } from "../api/problem";
import { useScope } from "./scope";
import { afterMessage, type Alerts } from "./unresolved";

/** What is known of the alerts; undefined before the first message. */
export interface AlertsKnown {
  readonly alerts: Alerts | undefined;
  readonly problem: ApiProblem | undefined;
  /** Takes in what a call has answered, before the stream tells of it. */
  readonly take: (alert: Message<"Alert">) => void;
}

const AlertsContext = createContext<AlertsKnown | null>(null);

/** Holds the alerts of one environment; another one needs another provider. */
export function AlertsProvider({ children }: { readonly children: ReactNode }) {
  const { environment } = useScope();
  const [alerts, setAlerts] = useState<Alerts>();
  const { problem } = useStream(
    "mirante.api.metrics.v1.AlertService/WatchAlerts",
    environment,
    () => ({ environment }),
    (message) => {
      if (message.snapshot || message.alerts.length > 0) setAlerts((before) => afterMessage(before ?? new Map(), message));
    },
  );
  const take = useCallback((alert: Message<"Alert">) => {
    setAlerts((before) => afterMessage(before ?? new Map(), { snapshot: false, alerts: [alert] }));
  }, []);
  const known = useMemo(() => ({ alerts, problem, take }), [alerts, problem, take]);
  return <AlertsContext value={known}>{children}</AlertsContext>;
}

/** Returns the alerts that are not resolved. */
export function useAlerts(): AlertsKnown {
  const known = use(AlertsContext);
  if (known === null) throw new Error("outside of AlertsProvider");
  return known;
}
