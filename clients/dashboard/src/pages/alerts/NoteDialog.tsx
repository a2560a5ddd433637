import { type SyntheticEvent, useState } from "react";
import { call } from "../../api/call";
import { useAction } from "../../api/hooks";
import type { Message } from "../../api/methods";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { Field } from "../../components/Field";
import { FormProblem } from "../../components/FormProblem";
import { useToast } from "../../components/toasts";
import { useSpeech } from "../../i18n/language";
import { useAlerts } from "../../shell/alerts";
import { useScope } from "../../shell/scope";

/** What is done about an alert. */
export type Doing = "acknowledge" | "resolve" | "note";

const WORDS = {
  acknowledge: ["alerts.act.acknowledgeTitle", "alerts.act.acknowledge", "alerts.act.acknowledged"],
  resolve: ["alerts.act.resolveTitle", "alerts.act.resolve", "alerts.act.resolved"],
  note: ["alerts.act.noteTitle", "action.save", "alerts.act.noted"],
} as const;

interface Props {
  readonly doing: Doing;
  readonly alert: Message<"Alert">;
  readonly onClose: () => void;
  readonly onDone: (alert: Message<"Alert">) => void;
}

/** Acknowledges or resolves an alert with a note, or only adds one. */
export function NoteDialog({ doing, alert, onClose, onDone }: Props) {
  const { t } = useSpeech();
  const { environment } = useScope();
  const { take } = useAlerts();
  const tell = useToast();
  const [note, setNote] = useState("");
  const [title, verb, done] = WORDS[doing];
  const { run, pending, problem } = useAction(async () => {
    const changed = await change(doing, environment, alert.id, note);
    if (changed === undefined) return;
    take(changed);
    onDone(changed);
  });
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    if (!(await run())) return;
    tell(t(done));
    onClose();
  };
  return (
    <Dialog title={t(title)} onClose={onClose} busy={pending}>
      <form className="stack" onSubmit={(event) => void submit(event)}>
        <Field
          label={t("alerts.act.noteField")}
          hint={doing === "note" ? undefined : t("alerts.act.noteOptional")}
          problem={problem}
          name={doing === "note" ? "text" : "note"}
        >
          {(control) => (
            <textarea {...control} autoFocus value={note} maxLength={2000} onChange={(event) => setNote(event.target.value)} />
          )}
        </Field>
        <FormProblem problem={problem} shown={["note", "text"]} />
        <div className="dialog-actions">
          <Button onClick={onClose} disabled={pending}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" look="primary" disabled={pending || (doing === "note" && note.trim() === "")}>
            {t(verb)}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

async function change(doing: Doing, environment: string, alertId: string, text: string) {
  const service = "mirante.api.metrics.v1.AlertService";
  switch (doing) {
    case "acknowledge":
      return (await call(`${service}/AcknowledgeAlert`, { environment, alertId, note: text.trim() })).alert;
    case "resolve":
      return (await call(`${service}/ResolveAlert`, { environment, alertId, note: text.trim() })).alert;
    case "note":
      return (await call(`${service}/AddAlertNote`, { environment, alertId, text: text.trim() })).alert;
  }
}
