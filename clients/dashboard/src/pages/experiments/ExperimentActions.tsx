import { useState } from "react";
import { Link } from "wouter";
import { call } from "../../api/call";
import { Button } from "../../components/Button";
import { useToast } from "../../components/toasts";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { AskDialog } from "../flags/AskDialog";
import { AllocateDialog } from "./AllocateDialog";
import { DecideDialog } from "./DecideDialog";
import { type Deed, deedsOf } from "./lifecycle";
import { type Experiment, type ExperimentRecord, SERVICE } from "./types";

const METHODS = {
  start: "StartExperiment",
  pause: "PauseExperiment",
  resume: "ResumeExperiment",
  stop: "StopExperiment",
  archive: "ArchiveExperiment",
} as const;

interface Props {
  readonly record: ExperimentRecord;
  readonly experiment: Experiment;
  readonly onChanged: (record: ExperimentRecord) => void;
}

/** The buttons for what may be done to an experiment now, each of which asks once more. */
export function ExperimentActions(props: Props) {
  const { record, experiment } = props;
  const { t } = useSpeech();
  const { href } = useScope();
  const [asking, setAsking] = useState<Deed>();
  const close = () => setAsking(undefined);
  return (
    <div className="page-actions">
      {deedsOf(record.state).map((deed) =>
        deed === "edit" ? (
          <Link key={deed} className="button" href={href(`/experimentos/experimento/${experiment.key}/editar`)}>
            {t("exp.do.edit")}
          </Link>
        ) : (
          <Button
            key={deed}
            look={deed === "start" || deed === "decide" ? "primary" : "plain"}
            onClick={() => setAsking(deed)}
          >
            {t(`exp.do.${deed}`)}
          </Button>
        ),
      )}
      {asking === "decide" && <DecideDialog {...props} onClose={close} />}
      {asking === "allocate" && <AllocateDialog {...props} onClose={close} />}
      {asking !== undefined && asking !== "edit" && asking !== "decide" && asking !== "allocate" && (
        <Ask {...props} deed={asking} onClose={close} />
      )}
    </div>
  );
}

interface AskProps extends Props {
  readonly deed: keyof typeof METHODS;
  readonly onClose: () => void;
}

function Ask({ record, experiment, deed, onChanged, onClose }: AskProps) {
  const { t } = useSpeech();
  const { environment } = useScope();
  const tell = useToast();
  const { key, flagKey } = experiment;
  return (
    <AskDialog
      title={t(`exp.ask.${deed}`, { key })}
      submit={t(`exp.do.${deed}`)}
      danger={deed === "stop"}
      onClose={onClose}
      act={async (comment) => {
        const request = { environment, experimentKey: key, etag: record.etag, comment };
        const answer = await call(`${SERVICE}/${METHODS[deed]}`, request);
        tell(t("exp.told.done"));
        if (answer.record !== undefined) onChanged(answer.record);
      }}
    >
      <p>{deed === "start" ? t("exp.ask.startLead", { flag: flagKey, environment }) : t(`exp.ask.${deed}Lead`)}</p>
    </AskDialog>
  );
}
