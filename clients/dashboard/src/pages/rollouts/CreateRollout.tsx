import { type SubmitEvent, useState } from "react";
import { call } from "../../api/call";
import { useAction, useCall } from "../../api/hooks";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { Field } from "../../components/Field";
import { FormProblem } from "../../components/FormProblem";
import { Segmented } from "../../components/Segmented";
import { useToast } from "../../components/toasts";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { useAllFlags } from "../flags/listing";
import type { Flag } from "../flags/types";
import { GuardsEditor } from "./GuardsEditor";
import { lengthText } from "./lengths";
import { emptyPlan, lengthOf, nextStage, usualVariant } from "./planForm";
import { StagesEditor } from "./StagesEditor";
import { type Plan, type RolloutRecord, SERVICE } from "./types";

const TEMPLATES = ["canary", "rings"] as const;
type Source = (typeof TEMPLATES)[number] | "own";
const SHOWN = ["plan.flag_key", "plan.variant", "plan.description"];

interface Props {
  /** Chosen already; empty: it is asked for. */
  readonly flagKey: string;
  /** A draft that is edited. */
  readonly record?: RolloutRecord;
  readonly onClose: () => void;
  readonly onMade: (record: RolloutRecord) => void;
}

/** A new plan, or another one for a draft. */
export function CreateRollout({ flagKey, record, onClose, onMade }: Props) {
  const speech = useSpeech();
  const { t } = speech;
  const { environment } = useScope();
  const tell = useToast();
  const { records } = useAllFlags(environment, "");
  const templates = useCall(`${SERVICE}/ListRolloutTemplates`, {}).data?.templates;
  const [written, setPlan] = useState<Plan>(record?.plan ?? emptyPlan(flagKey, ""));
  const [source, setSource] = useState<Source>(record === undefined ? "canary" : "own");
  const flags = (records ?? []).flatMap((each) => each.flag ?? []);
  const flag = flags.find((each) => each.key === written.flagKey);
  const plan = written.variant === "" && flag !== undefined ? { ...written, variant: usualVariant(flag) } : written;
  // The stages of a template are those of the form until they are changed.
  const stages =
    source === "own" || plan.stages.length > 0
      ? plan.stages
      : (templates?.find((each) => each.key === source)?.stages ?? []);
  const change = (next: Partial<Plan>) => setPlan({ ...plan, ...next });
  const save = useAction(async () => {
    const request = { environment, plan: { ...plan, stages } };
    const answer =
      record === undefined
        ? await call(`${SERVICE}/CreateRollout`, request)
        : await call(`${SERVICE}/UpdateRollout`, { ...request, rolloutId: record.id, etag: record.etag });
    tell(t(record === undefined ? "roll.told.created" : "roll.told.done"));
    onClose();
    if (answer.rollout !== undefined) onMade(answer.rollout);
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void save.run();
  };
  const choose = (next: Source) => {
    setSource(next);
    change({ stages: next === "own" ? (stages.length > 0 ? [...stages] : [nextStage([])]) : [] });
  };
  const title = flagKey === "" ? t("roll.new") : t(record === undefined ? "roll.newFor" : "roll.editTitle", { flag: flagKey });
  return (
    <Dialog title={title} onClose={onClose} busy={save.pending} wide>
      <form className="stack" onSubmit={submit}>
        <FlagFields plan={plan} flags={flags} flag={flag} fixed={record !== undefined} problem={save.problem} onChange={change} />
        <Field label={t("roll.form.description")} problem={save.problem} name="plan.description">
          {(control) => (
            <input {...control} value={plan.description} onChange={(event) => change({ description: event.target.value })} />
          )}
        </Field>
        <div className="row">
          <span className="field-name">{t("roll.form.template")}</span>
          <Segmented
            label={t("roll.form.template")}
            options={[
              ...TEMPLATES.map((key) => ({ key, label: t(`roll.template.${key}`) })),
              { key: "own" as const, label: t("roll.form.own") },
            ]}
            chosen={source}
            onChoose={choose}
          />
          <span className="soft small">{t("roll.soak", { length: lengthText(lengthOf(stages), speech) })}</span>
        </div>
        <StagesEditor stages={stages} problem={save.problem} onChange={(next) => change({ stages: next })} />
        <GuardsEditor guards={plan.guards} problem={save.problem} onChange={(guards) => change({ guards })} />
        <FormProblem problem={save.problem} shown={SHOWN} />
        <div className="dialog-actions">
          <Button onClick={onClose} disabled={save.pending}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" look="primary" disabled={save.pending || plan.flagKey === ""}>
            {t(record === undefined ? "roll.form.create" : "action.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface FlagFieldsProps {
  readonly plan: Plan;
  readonly flags: readonly Flag[];
  readonly flag: Flag | undefined;
  readonly fixed: boolean;
  readonly problem: ReturnType<typeof useAction>["problem"];
  readonly onChange: (next: Partial<Plan>) => void;
}

function FlagFields({ plan, flags, flag, fixed, problem, onChange }: FlagFieldsProps) {
  const { t } = useSpeech();
  const variants = flag?.variants.map((each) => each.name) ?? [plan.variant].filter(Boolean);
  return (
    <div className="rollout-more">
      <Field label={t("roll.form.flag")} problem={problem} name="plan.flag_key">
        {(control) => (
          <select
            {...control}
            className="input mono"
            disabled={fixed}
            required
            value={plan.flagKey}
            onChange={(event) => onChange({ flagKey: event.target.value, variant: "", baselineVariant: "" })}
          >
            <option value="">{t("roll.form.chooseFlag")}</option>
            {flag === undefined && plan.flagKey !== "" && <option>{plan.flagKey}</option>}
            {flags.map((each) => (
              <option key={each.key}>{each.key}</option>
            ))}
          </select>
        )}
      </Field>
      <Field label={t("roll.form.variant")} problem={problem} name="plan.variant">
        {(control) => (
          <select
            {...control}
            className="input mono"
            value={plan.variant}
            onChange={(event) => onChange({ variant: event.target.value })}
          >
            {variants.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        )}
      </Field>
      <Field label={t("roll.form.baseline")} problem={problem} name="plan.baseline_variant">
        {(control) => (
          <select
            {...control}
            value={plan.baselineVariant}
            onChange={(event) => onChange({ baselineVariant: event.target.value })}
          >
            <option value="">{t("roll.form.baselineUsual")}</option>
            {variants
              .filter((each) => each !== plan.variant)
              .map((each) => (
                <option key={each}>{each}</option>
              ))}
          </select>
        )}
      </Field>
    </div>
  );
}
