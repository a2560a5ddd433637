import type { ApiProblem } from "../../api/problem";
import { Button } from "../../components/Button";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { DurationInput } from "../analytics/explore/DurationInput";
import { AttributeInput } from "../flags/AttributeInput";
import { replaced, without } from "../flags/lists";
import { ShareInput } from "../flags/ShareInput";
import { useVocabulary } from "../flags/vocabulary";
import { nextStage, sampleOf, withAudience } from "./planForm";
import { type AudienceKind, audienceOf } from "./standing";
import type { Stage } from "./types";

const AUDIENCES = ["everybody", "segment", "ring"] as const;

interface Props {
  readonly stages: readonly Stage[];
  readonly problem: ApiProblem | undefined;
  readonly onChange: (stages: Stage[]) => void;
}

/** The stages of a plan as a form. */
export function StagesEditor({ stages, problem, onChange }: Props) {
  const { t } = useSpeech();
  const { environment } = useScope();
  const { segments } = useVocabulary(environment, []);
  return (
    <div className="stack-tight">
      <ol className="stack-tight">
        {stages.map((stage, index) => (
          <li key={index}>
            <StageRow
              stage={stage}
              number={index + 1}
              segments={segments}
              problem={problem}
              onChange={(next) => onChange(replaced(stages, index, next))}
              onRemove={() => onChange(without(stages, index))}
            />
          </li>
        ))}
      </ol>
      <div>
        <Button icon="plus" onClick={() => onChange([...stages, nextStage(stages)])}>
          {t("roll.form.addStage")}
        </Button>
      </div>
    </div>
  );
}

interface RowProps {
  readonly stage: Stage;
  readonly number: number;
  readonly segments: readonly string[];
  readonly problem: ApiProblem | undefined;
  readonly onChange: (stage: Stage) => void;
  readonly onRemove: () => void;
}

function StageRow({ stage, number, segments, problem, onChange, onRemove }: RowProps) {
  const { t } = useSpeech();
  const { kind, segment } = audienceOf(stage);
  const wrong = problem?.violations.filter((each) => each.field.startsWith(`plan.stages[${number - 1}]`)) ?? [];
  const chosen: AudienceKind[] = kind === "targeting" ? [...AUDIENCES, "targeting"] : [...AUDIENCES];
  return (
    <div className="plan-row" role="group" aria-label={t("roll.form.stage", { number })}>
      <input
        className="input"
        aria-label={t("roll.form.stageName", { number })}
        placeholder={t("roll.stage.unnamed", { number })}
        value={stage.name}
        onChange={(event) => onChange({ ...stage, name: event.target.value })}
      />
      <ShareInput
        label={t("roll.form.coverage", { number })}
        weight={stage.coverage}
        onChange={(coverage) => onChange({ ...stage, coverage })}
      />
      <select
        className="input"
        aria-label={t("roll.form.audience", { number })}
        value={kind}
        onChange={(event) => onChange(withAudience(stage, event.target.value as AudienceKind, segment))}
      >
        {chosen.map((each) => (
          <option key={each} value={each}>
            {t(`roll.audience.${each}`, { segment: "" }).trim()}
          </option>
        ))}
      </select>
      {(kind === "segment" || kind === "ring") && (
        <AttributeInput
          label={t("roll.form.segment", { number })}
          value={segment}
          known={segments}
          onChange={(next) => onChange(withAudience(stage, kind, next))}
        />
      )}
      <span className="row plan-soak">
        <span className="soft small" aria-hidden="true">
          {t("roll.form.soak")}
        </span>
        <DurationInput duration={stage.soak} onChange={(soak) => onChange({ ...stage, soak: soak ?? "0s" })} />
      </span>
      <input
        className="input plan-sample"
        inputMode="numeric"
        aria-label={t("roll.form.sample", { number })}
        placeholder={t("roll.form.samplePlaceholder")}
        value={stage.minimumSample === "0" ? "" : stage.minimumSample}
        onChange={(event) => onChange({ ...stage, minimumSample: sampleOf(event.target.value) })}
      />
      <label className="check small">
        <input
          type="checkbox"
          checked={stage.needsApproval}
          onChange={(event) => onChange({ ...stage, needsApproval: event.target.checked })}
        />
        {t("roll.form.approval")}
      </label>
      <Button look="quiet" icon="close" aria-label={t("roll.form.removeStage", { number })} onClick={onRemove} />
      {wrong.length > 0 && (
        <span className="field-error" role="alert">
          {wrong.map((each) => each.detail).join("; ")}
        </span>
      )}
    </div>
  );
}
