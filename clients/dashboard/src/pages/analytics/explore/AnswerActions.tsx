import { useState } from "react";
import { call } from "../../../api/call";
import { useAction } from "../../../api/hooks";
import { mayEdit, useSession } from "../../../api/session";
import { Button } from "../../../components/Button";
import { Menu } from "../../../components/Menu";
import { problemText } from "../../../components/states";
import { useToast } from "../../../components/toasts";
import { useSpeech } from "../../../i18n/language";
import { useScope } from "../../../shell/scope";
import { type Question, SERVICE } from "../asking/question";
import { PinDialog } from "./PinDialog";
import { SaveDialog } from "./SaveDialog";
import { bytesOf, saveFile } from "./saving";

const FORMATS = { CSV: "EXPORT_FORMAT_CSV", JSON: "EXPORT_FORMAT_JSON" } as const;

interface Props {
  readonly question: Question;
  readonly title: string;
  /** There is an answer. */
  readonly ready: boolean;
}

/** What can be done with an answer: a file, a name, a place on a board, an address for others. */
export function AnswerActions({ question, title, ready }: Props) {
  const { t } = useSpeech();
  const { environment } = useScope();
  const session = useSession();
  const tell = useToast();
  const [dialog, setDialog] = useState<"save" | "pin">();
  const exported = useAction(async (format: (typeof FORMATS)[keyof typeof FORMATS]) => {
    const file = await call(`${SERVICE}/ExportReport`, { environment, question, format });
    saveFile(bytesOf(file.content, file.mediaType), file.fileName);
    tell(t("explore.exported", { file: file.fileName }));
  });
  const share = async () => {
    await navigator.clipboard.writeText(location.href);
    tell(t("explore.shared"));
  };
  return (
    <>
      {exported.problem !== undefined && (
        <span className="field-error" role="alert">
          {problemText(exported.problem, t)}
        </span>
      )}
      {ready && (
        <Menu label={t("explore.export")} text={t("explore.export")} alignEnd>
          {(close) => (
            <div className="menu-section row">
              {(Object.keys(FORMATS) as (keyof typeof FORMATS)[]).map((each) => (
                <Button
                  key={each}
                  disabled={exported.pending}
                  onClick={() => {
                    close();
                    void exported.run(FORMATS[each]);
                  }}
                >
                  {each}
                </Button>
              ))}
            </div>
          )}
        </Menu>
      )}
      <Button look="quiet" icon="copy" aria-label={t("explore.share")} title={t("explore.share")} onClick={() => void share()} />
      {mayEdit(session) && (
        <>
          <Button onClick={() => setDialog("save")}>{t("explore.save")}</Button>
          <Button onClick={() => setDialog("pin")}>{t("explore.pin")}</Button>
        </>
      )}
      {dialog === "save" && <SaveDialog question={question} title={title} onClose={() => setDialog(undefined)} />}
      {dialog === "pin" && <PinDialog question={question} title={title} onClose={() => setDialog(undefined)} />}
    </>
  );
}
