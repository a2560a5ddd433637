import { Field } from "../../../components/Field";
import { useSpeech } from "../../../i18n/language";
import { replaced } from "../../flags/lists";
import type { Flag } from "../../flags/types";
import { withFlag } from "./draft";
import type { StepProps } from "./Wizard";

interface Props extends StepProps {
  readonly flags: readonly Flag[];
  /** A draft keeps its key. */
  readonly fixedKey: boolean;
}

/** What is believed, and the variants that are compared. */
export function IdeaStep({ experiment, flags, flag, fixedKey, problem, onChange }: Props) {
  const { t } = useSpeech();
  const text = (name: "key" | "hypothesis" | "owner") => ({
    value: experiment[name],
    onChange: (event: { target: { value: string } }) => onChange({ ...experiment, [name]: event.target.value }),
  });
  return (
    <>
      <Field label={t("dsg.hypothesis")} hint={t("dsg.hypothesisHint")} problem={problem} name="experiment.hypothesis">
        {(control) => <textarea {...control} rows={3} {...text("hypothesis")} />}
      </Field>
      <div className="rollout-more">
        <Field label={t("dsg.flag")} problem={problem} name="experiment.flag_key">
          {(control) => (
            <select
              {...control}
              className="input mono"
              value={experiment.flagKey}
              onChange={(event) => {
                const chosen = flags.find((each) => each.key === event.target.value);
                if (chosen !== undefined) onChange(withFlag(experiment, chosen));
              }}
            >
              <option value="" disabled>
                {t("dsg.chooseFlag")}
              </option>
              {flag === undefined && experiment.flagKey !== "" && <option>{experiment.flagKey}</option>}
              {flags.map((each) => (
                <option key={each.key}>{each.key}</option>
              ))}
            </select>
          )}
        </Field>
        <Field label={t("dsg.key")} hint={t("dsg.keyHint")} problem={problem} name="experiment.key">
          {(control) => (
            <input {...control} className="input mono" disabled={fixedKey} spellCheck={false} {...text("key")} />
          )}
        </Field>
        <Field label={t("dsg.owner")} problem={problem} name="experiment.owner">
          {(control) => <input {...control} {...text("owner")} />}
        </Field>
      </div>
      {flag !== undefined && <Arms experiment={experiment} flag={flag} problem={problem} onChange={onChange} />}
    </>
  );
}

function Arms({ experiment, flag, problem, onChange }: StepProps & { readonly flag: Flag }) {
  const { t, format } = useSpeech();
  const { arms, control } = experiment;
  const all = arms.reduce((sum, arm) => sum + arm.weight, 0);
  const wrong = problem?.violations.filter((each) => /^experiment\.(arms|control)/.test(each.field)) ?? [];
  const toggle = (variant: string, on: boolean) => {
    const kept = arms.filter((arm) => arm.variant !== variant);
    // In the order of the flag.
    const next = flag.variants.flatMap(({ name }) => {
      if (name === variant) return on ? [{ variant, weight: 1 }] : [];
      return kept.filter((arm) => arm.variant === name);
    });
    onChange({ ...experiment, arms: next });
  };
  return (
    <fieldset className="field choices">
      <legend>{t("dsg.arms")}</legend>
      <span className="field-hint">{t("dsg.armsHint")}</span>
      <ul className="stack-tight">
        {flag.variants.map(({ name }) => {
          const at = arms.findIndex((arm) => arm.variant === name);
          const arm = arms[at];
          return (
            <li key={name} className="arm-row">
              <label className="check">
                <input
                  type="checkbox"
                  aria-label={t("dsg.takesPart", { variant: name })}
                  checked={arm !== undefined}
                  onChange={(event) => toggle(name, event.target.checked)}
                />
                <span className="mono">{name}</span>
              </label>
              {arm !== undefined && (
                <>
                  <input
                    className="input"
                    type="number"
                    min={1}
                    max={100_000}
                    aria-label={t("dsg.weight", { variant: name })}
                    value={arm.weight}
                    onChange={(event) =>
                      onChange({
                        ...experiment,
                        arms: replaced(arms, at, { ...arm, weight: Math.max(0, Math.trunc(Number(event.target.value))) }),
                      })
                    }
                  />
                  <span className="soft small">{all === 0 ? "" : format.percent(arm.weight / all)}</span>
                  <label className="check">
                    <input
                      type="radio"
                      name="control"
                      checked={control === name}
                      onChange={() => onChange({ ...experiment, control: name })}
                    />
                    {t("dsg.control")}
                  </label>
                </>
              )}
            </li>
          );
        })}
      </ul>
      {wrong.length > 0 && (
        <span className="field-error" role="alert">
          {wrong.map((each) => each.detail).join("; ")}
        </span>
      )}
    </fieldset>
  );
}
