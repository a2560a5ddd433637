import { Field } from "../../../components/Field";
import { useSpeech } from "../../../i18n/language";
import { withoutMember } from "../../flags/lists";
import { kindOf } from "../result/numbers";
import type { Experiment } from "../types";
import { NumberInput } from "./NumberInput";
import { PlanCard } from "./PlanCard";
import type { StepProps } from "./Wizard";

const METHODS = [
  "DECISION_METHOD_UNSPECIFIED",
  "DECISION_METHOD_HYBRID",
  "DECISION_METHOD_ALWAYS_VALID",
  "DECISION_METHOD_FIXED",
] as const;
type Rules = NonNullable<Experiment["rules"]>;

/** How large and how long, and by which rules it is decided. */
export function SizeStep({ experiment, problem, onChange }: StepProps) {
  const { t } = useSpeech();
  const { rules } = experiment;
  if (rules === undefined) return null;
  const change = (next: Partial<Rules>) => onChange({ ...experiment, rules: { ...rules, ...next } });
  const at = (name: string) => ({ problem, name: `experiment.rules.${name}` });
  const share = kindOf(experiment.primary) === "proportion";
  const whole = (name: "minimumUnits" | "minimumDays", value: number | undefined) => {
    if (value === undefined) onChange({ ...experiment, rules: withoutMember(rules, name) });
    else if (Number.isInteger(value) && value >= 0) {
      change(name === "minimumUnits" ? { minimumUnits: String(value) } : { minimumDays: value });
    }
  };
  return (
    <>
      <Field
        label={t("dsg.effect")}
        hint={t(share ? "dsg.effectHintShare" : "dsg.effectHint")}
        {...at("minimum_effect")}
      >
        {(control) => (
          <NumberInput
            control={control}
            value={rules.minimumEffect === 0 ? undefined : rules.minimumEffect}
            onChange={(minimumEffect) => change({ minimumEffect: minimumEffect ?? 0 })}
          />
        )}
      </Field>
      <PlanCard
        experiment={experiment}
        problem={problem}
        onPlanned={(units) => change({ plannedUnits: String(units) })}
      />
      <fieldset className="field choices">
        <legend>{t("dsg.rules")}</legend>
        <div className="rollout-more">
          <Field label={t("dsg.method")} {...at("method")}>
            {(control) => (
              <select
                {...control}
                value={rules.method}
                onChange={(event) =>
                  change({ method: METHODS.find((each) => each === event.target.value) ?? rules.method })
                }
              >
                {METHODS.map((each) => (
                  <option key={each} value={each}>
                    {t(`dsg.method.${each}`)}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label={t("dsg.alpha")} {...at("alpha")}>
            {(control) => (
              <NumberInput
                control={control}
                placeholder={t("dsg.usual")}
                value={rules.alpha === 0 ? undefined : rules.alpha}
                onChange={(alpha) => change({ alpha: alpha ?? 0 })}
              />
            )}
          </Field>
          <Field label={t("dsg.minimumUnits")} {...at("minimum_units")}>
            {(control) => (
              <NumberInput
                control={control}
                placeholder={t("dsg.usual")}
                value={rules.minimumUnits === undefined ? undefined : Number(rules.minimumUnits)}
                onChange={(value) => whole("minimumUnits", value)}
              />
            )}
          </Field>
          <Field label={t("dsg.minimumDays")} {...at("minimum_days")}>
            {(control) => (
              <NumberInput
                control={control}
                placeholder={t("dsg.usual")}
                value={rules.minimumDays}
                onChange={(value) => whole("minimumDays", value)}
              />
            )}
          </Field>
        </div>
      </fieldset>
    </>
  );
}
