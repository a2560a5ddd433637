import { type SyntheticEvent, useState } from "react";
import { call } from "../../../api/call";
import { useAction } from "../../../api/hooks";
import { Button } from "../../../components/Button";
import { Dialog } from "../../../components/Dialog";
import { Field } from "../../../components/Field";
import { FormProblem } from "../../../components/FormProblem";
import { useToast } from "../../../components/toasts";
import { useSpeech } from "../../../i18n/language";
import { useScope } from "../../../shell/scope";
import { type Question, SERVICE } from "../asking/question";

const [NAME, DESCRIPTION] = ["report.info.name", "report.info.description"] as const;

interface Props {
  readonly question: Question;
  readonly title: string;
  readonly onClose: () => void;
}

/** Gives a question a name that all can find. */
export function SaveDialog({ question, title, onClose }: Props) {
  const { t } = useSpeech();
  const { environment } = useScope();
  const tell = useToast();
  const [name, setName] = useState(title);
  const [description, setDescription] = useState("");
  const { run, pending, problem } = useAction(() =>
    call(`${SERVICE}/CreateSavedReport`, { environment, report: { info: { name, description }, question } }),
  );
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    if (!(await run())) return;
    tell(t("explore.save.saved", { name }));
    onClose();
  };
  return (
    <Dialog title={t("explore.save.title")} onClose={onClose} busy={pending}>
      <form className="stack" onSubmit={(event) => void submit(event)}>
        <Field label={t("explore.save.name")} problem={problem} name={NAME}>
          {(control) => (
            <input {...control} autoFocus required maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />
          )}
        </Field>
        <Field label={t("explore.save.description")} problem={problem} name={DESCRIPTION}>
          {(control) => (
            <textarea {...control} maxLength={2000} value={description} onChange={(event) => setDescription(event.target.value)} />
          )}
        </Field>
        <FormProblem problem={problem} shown={[NAME, DESCRIPTION]} />
        <div className="dialog-actions">
          <Button onClick={onClose} disabled={pending}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" look="primary" disabled={pending}>
            {t("action.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
