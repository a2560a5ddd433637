import type { Message } from "../../api/methods";
import { Badge } from "../../components/Badge";
import { useSpeech } from "../../i18n/language";

const SEVERITIES = {
  ALERT_SEVERITY_UNSPECIFIED: "warn",
  ALERT_SEVERITY_INFO: "accent",
  ALERT_SEVERITY_WARNING: "warn",
  ALERT_SEVERITY_CRITICAL: "bad",
} as const;
const STATES = {
  ALERT_STATE_UNSPECIFIED: "plain",
  ALERT_STATE_OPEN: "bad",
  ALERT_STATE_ACKNOWLEDGED: "accent",
  ALERT_STATE_RESOLVED: "good",
} as const;

/** How grave an alert is. */
export function SeverityBadge({ severity }: { readonly severity: Message<"AlertSeverity"> }) {
  const { t } = useSpeech();
  return <Badge tone={SEVERITIES[severity]}>{t(`alerts.severity.${severity}`)}</Badge>;
}

/** Whether somebody takes care of it. */
export function StateBadge({ state }: { readonly state: Message<"AlertState"> }) {
  const { t } = useSpeech();
  return (
    <Badge tone={STATES[state]} dot>
      {t(`alerts.state.${state}`)}
    </Badge>
  );
}

/** What is unusual about the metric. */
export function KindBadge({ kind }: { readonly kind: Message<"AlertKind"> }) {
  const { t } = useSpeech();
  return <Badge>{t(`alerts.kind.${kind}`)}</Badge>;
}
