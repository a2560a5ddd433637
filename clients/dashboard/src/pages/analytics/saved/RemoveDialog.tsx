import { useAction } from "../../../api/hooks";
import { Button } from "../../../components/Button";
import { Dialog } from "../../../components/Dialog";
import { FormProblem } from "../../../components/FormProblem";
import { useSpeech } from "../../../i18n/language";

interface Props {
  readonly title: string;
  /** What goes with it. */
  readonly lead: string;
  readonly remove: () => Promise<unknown>;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Asks again before something that others use is deleted. */
export function RemoveDialog({ title, lead, remove, onClose, onDone }: Props) {
  const { t } = useSpeech();
  const { run, pending, problem } = useAction(remove);
  const confirmed = async () => {
    if (await run()) onDone();
  };
  return (
    <Dialog title={title} onClose={onClose} busy={pending}>
      <div className="stack">
        <p>{lead}</p>
        <FormProblem problem={problem} />
        <div className="dialog-actions">
          <Button autoFocus onClick={onClose} disabled={pending}>
            {t("action.cancel")}
          </Button>
          <Button look="danger" onClick={() => void confirmed()} disabled={pending}>
            {t("action.remove")}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
