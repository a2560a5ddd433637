import { type SubmitEvent, useState } from "react";
import { call } from "../../api/call";
import { useAction, useCall } from "../../api/hooks";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { Field } from "../../components/Field";
import { FormProblem } from "../../components/FormProblem";
import { SkeletonLines } from "../../components/states";
import { useToast } from "../../components/toasts";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { VerdictBadge } from "./badges";
import { type Experiment, type ExperimentRecord, SERVICE, type Verdict } from "./types";

const KINDS = { ship: "DECISION_KIND_SHIP", kill: "DECISION_KIND_KILL" } as const;
const WAYS = ["canary", "rings", "at_once"] as const;

interface Props {
  readonly record: ExperimentRecord;
  readonly experiment: Experiment;
  readonly onChanged: (record: ExperimentRecord) => void;
  readonly onClose: () => void;
}

/** Asks what the verdict is now, and then what to do. */
export function DecideDialog(props: Props) {
  const { t } = useSpeech();
  const { environment } = useScope();
  const asked = { environment, experimentKey: props.experiment.key };
  const { data, problem } = useCall(`${SERVICE}/GetResults`, asked);
  const [busy, setBusy] = useState(false);
  const ready = data !== undefined || problem !== undefined;
  return (
    <Dialog title={t("exp.decide.title", { key: props.experiment.key })} onClose={props.onClose} busy={busy}>
      {ready ? <Decision {...props} verdict={data?.results?.verdict} onBusy={setBusy} /> : <SkeletonLines lines={4} />}
    </Dialog>
  );
}

interface DecisionProps extends Props {
  readonly verdict: Verdict | undefined;
  readonly onBusy: (busy: boolean) => void;
}

function Decision({ record, experiment, verdict, onChanged, onClose, onBusy }: DecisionProps) {
  const { t } = useSpeech();
  const { environment } = useScope();
  const tell = useToast();
  const others = experiment.arms.map((arm) => arm.variant).filter((each) => each !== experiment.control);
  const [kind, setKind] = useState<keyof typeof KINDS>(verdict?.kind === "VERDICT_KIND_KILL" ? "kill" : "ship");
  const [variant, setVariant] = useState(verdict?.winner || (others[0] ?? ""));
  const [way, setWay] = useState<(typeof WAYS)[number]>("canary");
  const [comment, setComment] = useState("");
  const [sure, setSure] = useState(false);
  const agrees =
    kind === "ship"
      ? verdict?.kind === "VERDICT_KIND_SHIP" && verdict.winner === variant
      : verdict?.kind === "VERDICT_KIND_KILL";
  const decide = useAction(async () => {
    const { record: decided } = await call(`${SERVICE}/DecideExperiment`, {
      environment,
      experimentKey: experiment.key,
      kind: KINDS[kind],
      variant: kind === "ship" ? variant : "",
      etag: record.etag,
      comment: comment.trim(),
      rolloutTemplate: kind === "ship" && way !== "at_once" ? way : "",
    });
    tell(t("exp.told.decided"));
    if (decided !== undefined) onChanged(decided);
    onClose();
  });
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    onBusy(true);
    await decide.run();
    onBusy(false);
  };
  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <div className="row">
        <span>{t("exp.verdict.title")}:</span>
        {verdict === undefined ? t("exp.verdict.unknown") : <VerdictBadge verdict={verdict} />}
      </div>
      <fieldset className="field choices">
        <legend>{t("exp.decide.what")}</legend>
        {(["ship", "kill"] as const).map((each) => (
          <label key={each} className="check">
            <input type="radio" name="kind" checked={kind === each} onChange={() => setKind(each)} />
            {each === "ship" ? t("exp.decide.ship") : t("exp.decide.kill", { control: experiment.control })}
          </label>
        ))}
      </fieldset>
      {kind === "ship" && (
        <div className="rollout-more">
          <Field label={t("exp.decide.variant")} problem={decide.problem} name="variant">
            {(control) => (
              <select {...control} value={variant} onChange={(event) => setVariant(event.target.value)}>
                {others.map((each) => (
                  <option key={each}>{each}</option>
                ))}
              </select>
            )}
          </Field>
          <Field label={t("exp.decide.how")} problem={decide.problem} name="rollout_template">
            {(control) => (
              <select
                {...control}
                value={way}
                onChange={(event) => setWay(WAYS.find((each) => each === event.target.value) ?? "canary")}
              >
                {WAYS.map((each) => (
                  <option key={each} value={each}>
                    {t(`exp.decide.${each}`)}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </div>
      )}
      <Field
        label={t("flags.comment")}
        hint={
          agrees
            ? t("flags.commentHint")
            : verdict === undefined
              ? t("exp.decide.noVerdict")
              : t("exp.decide.against", { verdict: t(`exp.verdict.${verdict.kind}`) })
        }
        problem={decide.problem}
        name="comment"
      >
        {(control) => (
          <textarea
            {...control}
            rows={2}
            required={!agrees}
            value={comment}
            onChange={(event) => setComment(event.target.value)}
          />
        )}
      </Field>
      <label className="check">
        <input type="checkbox" required checked={sure} onChange={(event) => setSure(event.target.checked)} />
        {t("exp.decide.confirm")}
      </label>
      <p className="soft small">{t("exp.decide.lead")}</p>
      <FormProblem problem={decide.problem} shown={["variant", "rollout_template", "comment"]} />
      <div className="dialog-actions">
        <Button onClick={onClose} disabled={decide.pending}>
          {t("action.cancel")}
        </Button>
        <Button type="submit" look={kind === "ship" ? "primary" : "danger"} disabled={decide.pending || !sure}>
          {t(kind === "ship" ? "exp.decide.shipNow" : "exp.decide.killNow")}
        </Button>
      </div>
    </form>
  );
}
