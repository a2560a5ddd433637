import { useState } from "react";
import { useLocation } from "wouter";
import { call } from "../../api/call";
import { Button } from "../../components/Button";
import { useToast } from "../../components/toasts";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { AskDialog } from "../flags/AskDialog";
import { CreateRollout } from "./CreateRollout";
import { approvable, type Deed, deedsOf } from "./standing";
import { type RolloutRecord, SERVICE } from "./types";

const LOOKS: Partial<Record<Deed, "primary" | "danger">> = {
  start: "primary",
  approve: "primary",
  resume: "primary",
  rollBack: "danger",
};
const TARGETS = { lastGood: "ROLL_BACK_TARGET_LAST_GOOD_STAGE", nothing: "ROLL_BACK_TARGET_NOTHING" } as const;

interface Props {
  readonly record: RolloutRecord;
  readonly onChanged: (record: RolloutRecord) => void;
}

/** The buttons for what may be done to a plan now, each of which asks once more. */
export function RolloutActions({ record, onChanged }: Props) {
  const { t } = useSpeech();
  const [asking, setAsking] = useState<Deed>();
  const last = record.plan?.stages.length ?? 0;
  const label = (deed: Deed) => {
    if (deed === "step") return record.stage >= last ? t("roll.do.complete") : t("roll.do.step", { stage: record.stage + 1 });
    if (deed === "approve") return t("roll.do.approve", { stage: approvable(record) ?? 0 });
    return t(`roll.do.${deed}`);
  };
  const close = () => setAsking(undefined);
  return (
    <div className="row">
      {deedsOf(record).map((deed) => (
        <Button key={deed} look={LOOKS[deed] ?? "plain"} onClick={() => setAsking(deed)}>
          {label(deed)}
        </Button>
      ))}
      {asking === "edit" && record.plan !== undefined ? (
        <CreateRollout flagKey={record.plan.flagKey} record={record} onClose={close} onMade={onChanged} />
      ) : (
        asking !== undefined &&
        asking !== "edit" && (
          <Ask deed={asking} submit={label(asking)} record={record} onChanged={onChanged} onClose={close} />
        )
      )}
    </div>
  );
}

interface AskProps extends Props {
  readonly deed: Exclude<Deed, "edit">;
  readonly submit: string;
  readonly onClose: () => void;
}

function Ask({ deed, submit, record, onChanged, onClose }: AskProps) {
  const { t } = useSpeech();
  const { environment, href } = useScope();
  const tell = useToast();
  const [, navigate] = useLocation();
  const [target, setTarget] = useState<keyof typeof TARGETS>("lastGood");
  const flag = record.plan?.flagKey ?? "";
  const number = approvable(record) ?? 0;
  const act = async (text: string) => {
    const request = { environment, rolloutId: record.id, etag: record.etag, comment: text };
    const answer = await done(request, text);
    tell(t("roll.told.done"));
    if (answer?.rollout !== undefined) onChanged(answer.rollout);
  };
  const done = async (request: { environment: string; rolloutId: string; etag: string; comment: string }, text: string) => {
    switch (deed) {
      case "start":
        return call(`${SERVICE}/StartRollout`, request);
      case "pause":
        return call(`${SERVICE}/PauseRollout`, request);
      case "resume":
        return call(`${SERVICE}/ResumeRollout`, request);
      case "step":
        return call(`${SERVICE}/StepRollout`, { ...request, stage: record.stage + 1 });
      case "approve":
        return call(`${SERVICE}/ApproveStage`, { ...request, stage: number });
      case "rollBack": {
        const { rolloutId, etag } = request;
        return call(`${SERVICE}/RollBackRollout`, {
          environment,
          rolloutId,
          etag,
          reason: text,
          target: TARGETS[target],
        });
      }
      case "delete":
        await call(`${SERVICE}/DeleteRollout`, { environment, rolloutId: record.id });
        navigate(href("/rollouts"));
        return undefined;
    }
  };
  return (
    <AskDialog
      title={deed === "approve" ? t("roll.ask.approve", { stage: number, flag }) : t(`roll.ask.${deed}`, { flag })}
      submit={submit}
      danger={deed === "rollBack" || deed === "delete"}
      needsReason={deed === "rollBack" || (deed === "resume" && record.state === "ROLLOUT_STATE_BREACHED")}
      onClose={onClose}
      act={act}
    >
      <p>{deed === "start" ? t("roll.ask.startLead", { environment }) : t(`roll.ask.${deed}Lead`)}</p>
      {deed === "rollBack" && (
        <fieldset className="field choices">
          <legend>{t("roll.target")}</legend>
          {(["lastGood", "nothing"] as const).map((each) => (
            <label key={each} className="check">
              <input type="radio" name="target" checked={target === each} onChange={() => setTarget(each)} />
              {t(`roll.target.${each}`)}
            </label>
          ))}
        </fieldset>
      )}
    </AskDialog>
  );
}
