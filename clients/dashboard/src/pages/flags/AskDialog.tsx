import { type SubmitEvent, type ReactNode, useState } from "react";
import { useAction } from "../../api/hooks";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { Field } from "../../components/Field";
import { FormProblem } from "../../components/FormProblem";
import { useSpeech } from "../../i18n/language";

interface Props {
  readonly title: string;
  readonly submit: string;
  readonly danger?: boolean;
  readonly wide?: boolean;
  /** Whether it cannot be done without a reason; otherwise a comment may be left. */
  readonly needsReason?: boolean;
  /** Nothing to submit: the button is off. */
  readonly idle?: boolean;
  readonly onClose: () => void;
  /** Does it. What it throws is shown. */
  readonly act: (text: string) => Promise<unknown>;
  /** What is about to happen. */
  readonly children?: ReactNode;
}

/** Asks for a comment or a reason, and does something. It closes once that has succeeded. */
export function AskDialog(props: Props) {
  const { t } = useSpeech();
  const [text, setText] = useState("");
  const [missing, setMissing] = useState(false);
  const action = useAction(props.act);
  const needsReason = props.needsReason === true;
  const name = needsReason ? "reason" : "comment";
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (needsReason && text.trim() === "") setMissing(true);
    else if (await action.run(text.trim())) props.onClose();
  };
  return (
    <Dialog title={props.title} onClose={props.onClose} busy={action.pending} wide={props.wide === true}>
      <form className="stack" onSubmit={(event) => void submit(event)}>
        {props.children}
        <Field
          label={t(`flags.${name}`)}
          hint={t(needsReason ? "flags.killReasonHint" : "flags.commentHint")}
          error={missing && text.trim() === "" ? t("flags.killReasonMissing") : undefined}
          problem={action.problem}
          name={name}
        >
          {(control) => (
            <textarea
              {...control}
              rows={2}
              autoFocus={needsReason}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
        </Field>
        <FormProblem problem={action.problem} shown={[name]} />
        <div className="dialog-actions">
          <Button onClick={props.onClose} disabled={action.pending}>
            {t("action.cancel")}
          </Button>
          <Button
            type="submit"
            look={props.danger === true ? "danger" : "primary"}
            disabled={action.pending || props.idle === true}
          >
            {props.submit}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
