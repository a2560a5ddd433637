import { useState } from "react";
import { call } from "../../api/call";
import { Field } from "../../components/Field";
import { useToast } from "../../components/toasts";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { AskDialog } from "../flags/AskDialog";
import { replaced } from "../flags/lists";
import { ShareInput } from "../flags/ShareInput";
import { WHOLE } from "../flags/shares";
import { type Experiment, type ExperimentRecord, SERVICE } from "./types";

interface Props {
  readonly record: ExperimentRecord;
  readonly experiment: Experiment;
  readonly onChanged: (record: ExperimentRecord) => void;
  readonly onClose: () => void;
}

/** Other weights or another coverage of an experiment that runs: a new phase. */
export function AllocateDialog({ record, experiment, onChanged, onClose }: Props) {
  const { t } = useSpeech();
  const { environment } = useScope();
  const tell = useToast();
  const present = record.phases.at(-1);
  const [arms, setArms] = useState(present?.arms ?? experiment.arms);
  const [coverage, setCoverage] = useState(present?.coverage ?? experiment.coverage);
  return (
    <AskDialog
      title={t("exp.ask.allocate", { key: experiment.key })}
      submit={t("exp.do.allocate")}
      onClose={onClose}
      act={async (comment) => {
        const request = { environment, experimentKey: experiment.key, arms, coverage, etag: record.etag, comment };
        const answer = await call(`${SERVICE}/ChangeAllocation`, request);
        tell(t("exp.told.done"));
        if (answer.record !== undefined) onChanged(answer.record);
      }}
    >
      <p>{t("exp.ask.allocateLead")}</p>
      <div className="rollout-more">
        {arms.map((arm, index) => (
          <Field key={arm.variant} label={t("exp.allocate.weight", { variant: arm.variant })}>
            {(control) => (
              <input
                {...control}
                type="number"
                min={1}
                max={WHOLE}
                value={arm.weight}
                onChange={(event) => setArms(replaced(arms, index, { ...arm, weight: Number(event.target.value) }))}
              />
            )}
          </Field>
        ))}
        <Field label={t("dsg.coverage")}>
          {() => (
            <ShareInput label={t("dsg.coverage")} weight={coverage === 0 ? WHOLE : coverage} onChange={setCoverage} />
          )}
        </Field>
      </div>
    </AskDialog>
  );
}
