import type { ApiProblem } from "../../api/problem";
import { Field } from "../../components/Field";
import { Segmented } from "../../components/Segmented";
import { useSpeech } from "../../i18n/language";
import type { RuleForm } from "./ruleForm";

const DIRECTIONS = ["both", "up", "down"] as const;
const SENSITIVITIES = [
  "ANOMALY_SENSITIVITY_UNSPECIFIED",
  "ANOMALY_SENSITIVITY_LOW",
  "ANOMALY_SENSITIVITY_MEDIUM",
  "ANOMALY_SENSITIVITY_HIGH",
] as const;

interface Props {
  readonly form: RuleForm;
  readonly set: (change: Partial<RuleForm>) => void;
  readonly problem: ApiProblem | undefined;
}

/** When a rule raises an alert. */
export function ConditionFields({ form, set, problem }: Props) {
  const { t } = useSpeech();
  const text = (key: keyof RuleForm, label: string, name: string, hint?: string) => (
    <Field label={label} hint={hint} problem={problem} name={name}>
      {(control) => (
        <input
          {...control}
          inputMode="decimal"
          value={String(form[key])}
          onChange={(event) => set({ [key]: event.target.value })}
        />
      )}
    </Field>
  );
  return (
    <>
      <div className="field form-wide">
        <span className="field-name">{t("alerts.rule.condition")}</span>
        <div>
          <Segmented
            label={t("alerts.rule.condition")}
            options={[
              { key: "anomaly", label: t("alerts.rule.anomaly") },
              { key: "threshold", label: t("alerts.rule.threshold") },
            ]}
            chosen={form.condition}
            onChoose={(condition) => set({ condition })}
          />
        </div>
      </div>
      {form.condition === "anomaly" ? (
        <>
          <Field label={t("alerts.rule.direction")} problem={problem} name="rule.anomaly.directions">
            {(control) => (
              <select
                {...control}
                value={form.direction}
                onChange={(event) => set({ direction: DIRECTIONS.find((each) => each === event.target.value) ?? "both" })}
              >
                {DIRECTIONS.map((each) => (
                  <option key={each} value={each}>
                    {t(`alerts.rule.direction.${each}`)}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label={t("alerts.rule.sensitivity")} problem={problem} name="rule.anomaly.sensitivity">
            {(control) => (
              <select
                {...control}
                value={form.sensitivity}
                onChange={(event) =>
                  set({ sensitivity: SENSITIVITIES.find((each) => each === event.target.value) ?? form.sensitivity })
                }
              >
                {SENSITIVITIES.map((each) => (
                  <option key={each} value={each}>
                    {t(`alerts.rule.sensitivity.${each}`)}
                  </option>
                ))}
              </select>
            )}
          </Field>
          {text("minimumDifference", t("alerts.rule.minimumDifference"), "rule.anomaly.minimum_difference")}
          {text("minimumShare", t("alerts.rule.minimumShare"), "rule.anomaly.minimum_share")}
          {text("minimumVolume", t("alerts.rule.minimumVolume"), "rule.anomaly.minimum_volume")}
          {text("persistence", t("alerts.rule.persistence"), "rule.anomaly.persistence")}
        </>
      ) : (
        <>
          <Field label={t("alerts.rule.comparison")} problem={problem} name="rule.threshold.comparison">
            {(control) => (
              <select
                {...control}
                value={form.comparison}
                onChange={(event) =>
                  set({
                    comparison:
                      event.target.value === "THRESHOLD_COMPARISON_BELOW"
                        ? "THRESHOLD_COMPARISON_BELOW"
                        : "THRESHOLD_COMPARISON_ABOVE",
                  })
                }
              >
                <option value="THRESHOLD_COMPARISON_ABOVE">{t("alerts.rule.above")}</option>
                <option value="THRESHOLD_COMPARISON_BELOW">{t("alerts.rule.below")}</option>
              </select>
            )}
          </Field>
          {text("value", t("alerts.rule.value"), "rule.threshold.value", t("alerts.rule.valueHint"))}
          {text("heldMinutes", t("alerts.rule.heldFor"), "rule.threshold.held_for")}
        </>
      )}
    </>
  );
}
