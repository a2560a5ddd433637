/** A rule as a form has it, and back; pure. Texts are as they were typed. */
import type { Message } from "../../api/methods";

type Rule = Message<"AlertRule">;

/** What the form holds. */
export interface RuleForm {
  readonly key: string;
  readonly description: string;
  readonly metric: string;
  /** Separated by commas. */
  readonly tenants: string;
  readonly currency: string;
  readonly severity: Message<"AlertSeverity">;
  readonly enabled: boolean;
  readonly webhooks: readonly string[];
  readonly condition: "anomaly" | "threshold";
  readonly direction: "both" | "up" | "down";
  readonly sensitivity: Message<"AnomalySensitivity">;
  readonly minimumDifference: string;
  /** In per cent. */
  readonly minimumShare: string;
  readonly minimumVolume: string;
  readonly persistence: string;
  readonly comparison: Message<"ThresholdComparison">;
  readonly value: string;
  readonly heldMinutes: string;
}

/** A rule that nobody has filled in yet. */
export const NEW_RULE: RuleForm = {
  key: "",
  description: "",
  metric: "vendas_hora",
  tenants: "",
  currency: "",
  severity: "ALERT_SEVERITY_WARNING",
  enabled: true,
  webhooks: [],
  condition: "anomaly",
  direction: "both",
  sensitivity: "ANOMALY_SENSITIVITY_UNSPECIFIED",
  minimumDifference: "",
  minimumShare: "",
  minimumVolume: "",
  persistence: "1",
  comparison: "THRESHOLD_COMPARISON_ABOVE",
  value: "",
  heldMinutes: "0",
};

/** Returns the form of a rule. */
export function formOf(rule: Rule): RuleForm {
  const { anomaly, threshold } = rule;
  return {
    ...NEW_RULE,
    key: rule.key,
    description: rule.description,
    metric: rule.metric,
    tenants: rule.tenants.join(", "),
    currency: rule.currency,
    severity: rule.severity === "ALERT_SEVERITY_UNSPECIFIED" ? "ALERT_SEVERITY_WARNING" : rule.severity,
    enabled: !rule.disabled,
    webhooks: rule.webhooks,
    condition: threshold === undefined ? "anomaly" : "threshold",
    ...(anomaly === undefined
      ? {}
      : {
          direction: directionOf(anomaly.directions),
          sensitivity: anomaly.sensitivity,
          minimumDifference: anomaly.minimumDifference,
          minimumShare: anomaly.minimumShare === 0 ? "" : String(Number((anomaly.minimumShare * 100).toFixed(6))),
          minimumVolume: anomaly.minimumVolume,
          persistence: String(anomaly.persistence || 1),
        }),
    ...(threshold === undefined
      ? {}
      : {
          comparison: threshold.comparison,
          value: threshold.value,
          heldMinutes: String(Number.parseInt(threshold.heldFor ?? "0", 10) / 60),
        }),
  };
}

/** Returns the rule that a form describes. What is no number is sent as none: the service says what it must be. */
export function ruleOf(form: RuleForm): Rule {
  return {
    key: form.key.trim(),
    description: form.description.trim(),
    metric: form.metric,
    tenants: form.tenants.split(",").map((each) => each.trim()).filter((each) => each !== ""),
    currency: form.currency.trim().toUpperCase(),
    severity: form.severity,
    disabled: !form.enabled,
    webhooks: [...form.webhooks],
    ...(form.condition === "anomaly"
      ? {
          anomaly: {
            directions: DIRECTIONS[form.direction],
            sensitivity: form.sensitivity,
            minimumDifference: form.minimumDifference.trim(),
            minimumShare: numberOf(form.minimumShare) / 100,
            minimumVolume: form.minimumVolume.trim(),
            persistence: numberOf(form.persistence),
          },
        }
      : {
          threshold: {
            comparison: form.comparison,
            value: form.value.trim(),
            heldFor: `${numberOf(form.heldMinutes) * 60}s`,
          },
        }),
  };
}

const DIRECTIONS: Record<RuleForm["direction"], Message<"AnomalyDirection">[]> = {
  both: [],
  up: ["ANOMALY_DIRECTION_UP"],
  down: ["ANOMALY_DIRECTION_DOWN"],
};

function directionOf(directions: readonly Message<"AnomalyDirection">[]): RuleForm["direction"] {
  const [up, down] = [directions.includes("ANOMALY_DIRECTION_UP"), directions.includes("ANOMALY_DIRECTION_DOWN")];
  return up === down ? "both" : up ? "up" : "down";
}

function numberOf(text: string): number {
  const number = Number(text.trim());
  return Number.isFinite(number) ? number : 0;
}
