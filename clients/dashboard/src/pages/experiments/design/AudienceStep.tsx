import { Field } from "../../../components/Field";
import { useSpeech } from "../../../i18n/language";
import { ShareInput } from "../../flags/ShareInput";
import { WHOLE } from "../../flags/shares";
import type { StepProps } from "./Wizard";

const UNITS = ["RANDOMIZATION_UNIT_USER", "RANDOMIZATION_UNIT_TENANT"] as const;

/** On whom it is tested, and beside which other experiments. */
export function AudienceStep({ experiment, flag, problem, onChange }: StepProps) {
  const { t } = useSpeech();
  const rules = (flag?.rules ?? []).filter((rule) => rule.id !== "").map((rule) => rule.id);
  const share = (name: "coverage" | "layerShare", label: string) => (
    <ShareInput
      label={label}
      weight={experiment[name] === 0 ? WHOLE : experiment[name]}
      // All of it is what is meant when nothing is said.
      onChange={(weight) => onChange({ ...experiment, [name]: weight === WHOLE ? 0 : weight })}
    />
  );
  return (
    <>
      <fieldset className="field choices">
        <legend>{t("dsg.unit")}</legend>
        <div className="row">
          {UNITS.map((unit) => (
            <label key={unit} className="check">
              <input
                type="radio"
                name="unit"
                checked={experiment.unit === unit}
                onChange={() => onChange({ ...experiment, unit })}
              />
              {t(`dsg.unit.${unit}`)}
            </label>
          ))}
        </div>
        <span className="field-hint">{t("dsg.unitHint")}</span>
      </fieldset>
      <div className="rollout-more">
        <Field label={t("dsg.rule")} problem={problem} name="experiment.rule_id">
          {(control) => (
            <select
              {...control}
              value={experiment.ruleId}
              onChange={(event) => onChange({ ...experiment, ruleId: event.target.value })}
            >
              <option value="">{t("dsg.rule.all")}</option>
              {[...new Set([...rules, experiment.ruleId].filter((each) => each !== ""))].map((rule) => (
                <option key={rule} value={rule}>
                  {t("dsg.rule.one", { rule })}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={t("dsg.coverage")} hint={t("dsg.coverageHint")} problem={problem} name="experiment.coverage">
          {() => share("coverage", t("dsg.coverage"))}
        </Field>
      </div>
      <div className="rollout-more">
        <Field label={t("dsg.layer")} hint={t("dsg.layerHint")} problem={problem} name="experiment.layer">
          {(control) => (
            <input
              {...control}
              className="input mono"
              value={experiment.layer}
              onChange={(event) => onChange({ ...experiment, layer: event.target.value })}
            />
          )}
        </Field>
        {experiment.layer !== "" && (
          <>
            <Field label={t("dsg.layerShare")} problem={problem} name="experiment.layer_share">
              {() => share("layerShare", t("dsg.layerShare"))}
            </Field>
            <Field label={t("dsg.holdout")} hint={t("dsg.holdoutHint")} problem={problem} name="experiment.holdout">
              {() => (
                <ShareInput
                  label={t("dsg.holdout")}
                  weight={experiment.holdout}
                  onChange={(holdout) => onChange({ ...experiment, holdout })}
                />
              )}
            </Field>
          </>
        )}
      </div>
    </>
  );
}
