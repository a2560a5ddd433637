import { type SyntheticEvent, useState } from "react";
import { useAction } from "../api/hooks";
import { changePassword } from "../api/session";
import { Button } from "../components/Button";
import { Dialog } from "../components/Dialog";
import { Field } from "../components/Field";
import { FormProblem } from "../components/FormProblem";
import { useToast } from "../components/toasts";
import { useSpeech } from "../i18n/language";

const SHORTEST = 10;

/** Changes the password of who is logged in. */
export function PasswordDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useSpeech();
  const tell = useToast();
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const { run, pending, problem } = useAction(changePassword);
  const wrong = problem?.status === 401 ? t("password.wrong") : undefined;
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    if (!(await run(old, next))) return;
    tell(t("password.changed"));
    onClose();
  };
  return (
    <Dialog title={t("password.change")} onClose={onClose} busy={pending}>
      <form className="stack" onSubmit={(event) => void submit(event)}>
        <Field label={t("password.old")} error={wrong} problem={problem} name="old_password">
          {(control) => (
            <input
              {...control}
              type="password"
              autoComplete="current-password"
              autoFocus
              value={old}
              onChange={(event) => setOld(event.target.value)}
            />
          )}
        </Field>
        <Field label={t("password.new")} hint={t("password.hint")} problem={problem} name="new_password">
          {(control) => (
            <input
              {...control}
              type="password"
              autoComplete="new-password"
              value={next}
              onChange={(event) => setNext(event.target.value)}
            />
          )}
        </Field>
        {wrong === undefined && <FormProblem problem={problem} shown={["old_password", "new_password"]} />}
        <div className="dialog-actions">
          <Button onClick={onClose} disabled={pending}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" look="primary" disabled={pending || old === "" || next.length < SHORTEST}>
            {t("action.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
