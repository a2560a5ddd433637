import { type SyntheticEvent, useState } from "react";
import { call } from "../../../api/call";
import { useAction, useCall } from "../../../api/hooks";
import { Button } from "../../../components/Button";
import { Dialog } from "../../../components/Dialog";
import { Field } from "../../../components/Field";
import { FormProblem } from "../../../components/FormProblem";
import { useToast } from "../../../components/toasts";
import { useSpeech } from "../../../i18n/language";
import { useScope } from "../../../shell/scope";
import { type Question, SERVICE } from "../asking/question";

interface Props {
  readonly question: Question;
  readonly title: string;
  readonly onClose: () => void;
}

/** Puts a question on a board: one that there is, or a new one. */
export function PinDialog({ question, title, onClose }: Props) {
  const { t } = useSpeech();
  const { environment } = useScope();
  const tell = useToast();
  const { data } = useCall(`${SERVICE}/ListBoards`, { environment });
  const boards = (data?.boards ?? []).filter((each) => !each.readyMade);
  const [chosen, setChosen] = useState("");
  const [name, setName] = useState("");
  const [itemTitle, setItemTitle] = useState(title);
  const [wide, setWide] = useState(false);
  const board = boards.find((each) => each.info?.id === chosen);
  const pin = useAction(() => {
    const item = { title: itemTitle, question, wide };
    return board === undefined
      ? call(`${SERVICE}/CreateBoard`, { environment, board: { info: { name }, items: [item] } })
      : call(`${SERVICE}/UpdateBoard`, { environment, board: { ...board, items: [...board.items, item] } });
  });
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    if (!(await pin.run())) return;
    tell(t("explore.pin.done", { name: board?.info?.name ?? name }));
    onClose();
  };
  return (
    <Dialog title={t("explore.pin.title")} onClose={onClose} busy={pin.pending}>
      <form className="stack" onSubmit={(event) => void submit(event)}>
        <Field label={t("explore.pin.board")}>
          {(control) => (
            <select {...control} value={chosen} onChange={(event) => setChosen(event.target.value)}>
              <option value="">{t("explore.pin.new")}</option>
              {boards.map(({ info }) => (
                <option key={info?.id} value={info?.id}>
                  {info?.name}
                </option>
              ))}
            </select>
          )}
        </Field>
        {board === undefined && (
          <Field label={t("explore.pin.newName")} problem={pin.problem} name="board.info.name">
            {(control) => (
              <input {...control} required maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />
            )}
          </Field>
        )}
        <Field label={t("explore.pin.itemTitle")}>
          {(control) => (
            <input {...control} required maxLength={200} value={itemTitle} onChange={(event) => setItemTitle(event.target.value)} />
          )}
        </Field>
        <label className="check">
          <input type="checkbox" checked={wide} onChange={(event) => setWide(event.target.checked)} />
          {t("explore.pin.wide")}
        </label>
        <FormProblem problem={pin.problem} shown={["board.info.name"]} />
        <div className="dialog-actions">
          <Button onClick={onClose} disabled={pin.pending}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" look="primary" disabled={pin.pending}>
            {t("action.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
