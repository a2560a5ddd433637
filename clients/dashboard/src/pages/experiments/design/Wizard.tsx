import { type SubmitEvent, useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import { call } from "../../../api/call";
import { useAction } from "../../../api/hooks";
import type { ApiProblem } from "../../../api/problem";
import { Button } from "../../../components/Button";
import { Card } from "../../../components/Card";
import { FormProblem } from "../../../components/FormProblem";
import { useToast } from "../../../components/toasts";
import { useSpeech } from "../../../i18n/language";
import { useScope } from "../../../shell/scope";
import type { Flag } from "../../flags/types";
import { type Experiment, type ExperimentRecord, SERVICE } from "../types";
import { AudienceStep } from "./AudienceStep";
import { type Step, STEPS, wrongSteps } from "./draft";
import { IdeaStep } from "./IdeaStep";
import { MetricsStep } from "./MetricsStep";
import { SizeStep } from "./SizeStep";
import { Summary } from "./Summary";

interface Props {
  readonly flags: readonly Flag[];
  /** A draft that is edited; undefined: a new one. */
  readonly record: ExperimentRecord | undefined;
  readonly start: Experiment;
}

/** What each step shows and changes. */
export interface StepProps {
  readonly experiment: Experiment;
  readonly flag: Flag | undefined;
  readonly problem: ApiProblem | undefined;
  readonly onChange: (experiment: Experiment) => void;
}

/** The steps of a design, one at a time; all of them can be reached at any time. */
export function Wizard({ flags, record, start }: Props) {
  const { t } = useSpeech();
  const { environment, href } = useScope();
  const [, navigate] = useLocation();
  const tell = useToast();
  const [experiment, setExperiment] = useState(start);
  const [step, setStep] = useState<Step>("idea");
  const save = useAction(async () => {
    const request = { environment, experiment: { ...experiment, key: experiment.key.trim() } };
    const answer =
      record === undefined
        ? await call(`${SERVICE}/CreateExperiment`, request)
        : await call(`${SERVICE}/UpdateExperiment`, { ...request, etag: record.etag });
    tell(t("dsg.saved"));
    navigate(href(`/experimentos/experimento/${answer.record?.experiment?.key ?? experiment.key}`));
  });
  const at = STEPS.indexOf(step);
  const next = STEPS[at + 1];
  const before = STEPS[at - 1];
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (next !== undefined) setStep(next);
    else void save.run();
  };
  const wrong = wrongSteps(save.problem?.violations ?? []);
  const flag = flags.find((each) => each.key === experiment.flagKey);
  const props: StepProps = { experiment, flag, problem: save.problem, onChange: setExperiment };
  return (
    <>
      <StepList step={step} wrong={wrong} onChoose={setStep} />
      <Card>
        <form className="stack wizard" onSubmit={submit}>
          <StepHeading step={step} />
          {step === "idea" && <IdeaStep {...props} flags={flags} fixedKey={record !== undefined} />}
          {step === "audience" && <AudienceStep {...props} />}
          {step === "metrics" && <MetricsStep {...props} />}
          {step === "size" && <SizeStep {...props} />}
          {step === "review" && (
            <div className="stack">
              <Summary experiment={experiment} />
              <p className="soft small">{t("dsg.review.frozen")}</p>
              {wrong.length > 0 && (
                <p className="field-error">
                  {t("dsg.wrongIn", { steps: wrong.map((each) => t(`dsg.step.${each}`)).join(", ") })}
                </p>
              )}
              <FormProblem problem={save.problem} />
            </div>
          )}
          <div className="dialog-actions">
            {before !== undefined && <Button onClick={() => setStep(before)}>{t("dsg.previous")}</Button>}
            <Button type="submit" look="primary" disabled={save.pending}>
              {t(next === undefined ? "dsg.save" : "dsg.next")}
            </Button>
          </div>
        </form>
      </Card>
    </>
  );
}

interface ListProps {
  readonly step: Step;
  readonly wrong: readonly Step[];
  readonly onChoose: (step: Step) => void;
}

function StepList({ step, wrong, onChoose }: ListProps) {
  const { t } = useSpeech();
  return (
    <nav aria-label={t("dsg.steps")}>
      <ol className="wizard-steps">
        {STEPS.map((each, index) => (
          <li key={each}>
            <button
              type="button"
              className="wizard-step"
              aria-current={each === step ? "step" : undefined}
              data-wrong={wrong.includes(each)}
              onClick={() => onChoose(each)}
            >
              <span className="wizard-number" aria-hidden="true">
                {wrong.includes(each) ? "!" : index + 1}
              </span>
              {t(`dsg.step.${each}`)}
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}

/** Has the focus after a step, so that the new one is read from its beginning. */
function StepHeading({ step }: { readonly step: Step }) {
  const { t } = useSpeech();
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = useRef(step);
  useEffect(() => {
    if (shown.current === step) return;
    shown.current = step;
    heading.current?.focus();
  }, [step]);
  return (
    <h2 ref={heading} tabIndex={-1}>
      {t(`dsg.step.${step}`)}
    </h2>
  );
}
