/** The alerts that are not resolved, as a stream tells of them; pure. */
import type { Message } from "../api/methods";

/** Alerts by their id. */
export type Alerts = ReadonlyMap<string, Message<"Alert">>;

/** Returns the alerts after a message. One that has been told already in a later state stays as it is. */
export function afterMessage(before: Alerts, message: Message<"WatchAlertsResponse">): Alerts {
  const next = new Map(message.snapshot ? [] : before);
  for (const alert of message.alerts) {
    const known = before.get(alert.id);
    const newest = known !== undefined && BigInt(known.revision) > BigInt(alert.revision) ? known : alert;
    if (newest.state === "ALERT_STATE_RESOLVED") next.delete(newest.id);
    else next.set(newest.id, newest);
  }
  return next;
}

const WEIGHT = {
  ALERT_SEVERITY_CRITICAL: 0,
  ALERT_SEVERITY_WARNING: 1,
  ALERT_SEVERITY_UNSPECIFIED: 1,
  ALERT_SEVERITY_INFO: 2,
} as const;

/** Returns alerts with those first that want attention: open before acknowledged, by severity, the newest first. */
export function ranked(alerts: Iterable<Message<"Alert">>): Message<"Alert">[] {
  const opened = (alert: Message<"Alert">) => Date.parse(alert.openedAt ?? "") || 0;
  const acknowledged = (alert: Message<"Alert">) => (alert.state === "ALERT_STATE_OPEN" ? 0 : 1);
  return [...alerts].sort(
    (a, b) =>
      acknowledged(a) - acknowledged(b) || WEIGHT[a.severity] - WEIGHT[b.severity] || opened(b) - opened(a),
  );
}
