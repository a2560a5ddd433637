import { type SubmitEvent, useState } from "react";
import { call } from "../../api/call";
import { useAction } from "../../api/hooks";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { Field } from "../../components/Field";
import { FormProblem } from "../../components/FormProblem";
import { useSpeech } from "../../i18n/language";
import { Delivery } from "./Delivery";
import type { Flag, FlagRecord } from "./types";

interface Props {
  readonly environment: string;
  readonly flag: Flag;
  readonly onClose: () => void;
  readonly onChanged: (record: FlagRecord) => void;
}

interface Killed {
  readonly record: FlagRecord;
  readonly at: number;
}

/** Asks why, kills the flag, and then shows how the connected clients receive it. */
export function KillDialog({ environment, flag, onClose, onChanged }: Props) {
  const { t } = useSpeech();
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const [killed, setKilled] = useState<Killed>();
  const kill = useAction(async () => {
    const at = performance.now();
    const request = { environment, flagKey: flag.key, reason: reason.trim() };
    const { record } = await call("mirante.api.flags.v1.FlagAdminService/KillFlag", request);
    if (record === undefined) return;
    setKilled({ record, at });
    onChanged(record);
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (reason.trim() === "") setMissing(true);
    else void kill.run();
  };
  if (killed !== undefined) {
    return (
      <Dialog title={t("flags.killed")} onClose={onClose}>
        <div className="stack">
          <Delivery
            environment={environment}
            revision={killed.record.revision}
            version={killed.record.flag?.version ?? ""}
            since={killed.at}
          />
          <div className="dialog-actions">
            <Button look="primary" onClick={onClose} autoFocus>
              {t("action.close")}
            </Button>
          </div>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={t("flags.killTitle", { flag: flag.key, environment })} onClose={onClose} busy={kill.pending}>
      <form className="stack" onSubmit={submit}>
        <p>{t("flags.killLead", { variant: flag.offVariant })}</p>
        <Field
          label={t("flags.reason")}
          hint={t("flags.killReasonHint")}
          error={missing && reason.trim() === "" ? t("flags.killReasonMissing") : undefined}
          problem={kill.problem}
          name="reason"
        >
          {(control) => (
            <textarea
              {...control}
              rows={2}
              autoFocus
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          )}
        </Field>
        <FormProblem problem={kill.problem} shown={["reason"]} />
        <div className="dialog-actions">
          <Button onClick={onClose} disabled={kill.pending}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" look="danger" icon="power" disabled={kill.pending}>
            {t("flags.kill")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
