import { useMemo, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { call } from "../../../api/call";
import { useAction } from "../../../api/hooks";
import type { Message } from "../../../api/methods";
import { mayEdit, useSession } from "../../../api/session";
import { Button } from "../../../components/Button";
import { problemText } from "../../../components/states";
import { useToast } from "../../../components/toasts";
import { useSpeech } from "../../../i18n/language";
import { useScope } from "../../../shell/scope";
import { addressWith, scopeOfText, textOf } from "../asking/address";
import { scopeOnPage } from "../asking/periods";
import { type Scope, SERVICE } from "../asking/question";
import { ReportCard } from "./ReportCard";
import { RemoveDialog } from "../saved/RemoveDialog";
import { ScopeBar } from "../asking/ScopeBar";

interface Props {
  readonly board: Message<"Board">;
  /** The list of boards is not what it was. */
  readonly onChanged: () => void;
}

/** The reports of a board, of a period, tenant and filters of the page. */
export function BoardView({ board, onChanged }: Props) {
  const { t } = useSpeech();
  const { environment, tenant, href } = useScope();
  const session = useSession();
  const tell = useToast();
  const [path, navigate] = useLocation();
  const search = useSearch();
  const [removing, setRemoving] = useState(false);
  const given = new URLSearchParams(search).get("v");
  const scope = useMemo(() => scopeOfText(given), [given]);
  const setScope = (next: Scope) => {
    const text = textOf(next);
    navigate(addressWith(path, search, "v", text === "{}" ? undefined : text), { replace: true });
  };
  const { id = "", name = "", revision = "0" } = board.info ?? {};
  const copy = useAction(async () => {
    const copied = { info: { name: t("ana.board.copyName", { name }) }, items: board.items };
    const made = await call(`${SERVICE}/CreateBoard`, { environment, board: copied });
    onChanged();
    tell(t("ana.board.copied"));
    navigate(href(`/analises/painel/${encodeURIComponent(made.board?.info?.id ?? "")}`));
  });
  const take = useAction(async (index: number) => {
    const items = board.items.filter((_, at) => at !== index);
    await call(`${SERVICE}/UpdateBoard`, { environment, board: { ...board, items } });
    onChanged();
  });
  const changeable = mayEdit(session) && !board.readyMade;
  const problem = copy.problem ?? take.problem;
  return (
    <>
      <div className="board-head">
        <ScopeBar own scope={scope} onChange={setScope} />
        {mayEdit(session) && (
          <div className="row board-actions">
            <Button look="quiet" icon="copy" disabled={copy.pending} onClick={() => void copy.run()}>
              {t("ana.board.copy")}
            </Button>
            {changeable && (
              <Button look="quiet" onClick={() => setRemoving(true)}>
                {t("ana.board.remove")}
              </Button>
            )}
          </div>
        )}
      </div>
      {problem !== undefined && (
        <p className="field-error" role="alert">
          {problemText(problem, t)}
        </p>
      )}
      <div className="grid">
        {board.items.map((item, index) => (
          <ReportCard
            key={`${index} ${item.title}`}
            title={item.title}
            wide={item.wide}
            question={{ ...item.question, scope: scopeOnPage(item.question?.scope, scope, tenant) }}
            actions={
              changeable &&
              board.items.length > 1 && (
                <Button
                  look="quiet"
                  icon="close"
                  aria-label={`${t("ana.board.removeItem")}: ${item.title}`}
                  disabled={take.pending}
                  onClick={() => void take.run(index)}
                />
              )
            }
          />
        ))}
      </div>
      {removing && (
        <RemoveDialog
          title={t("ana.board.remove")}
          lead={t("ana.board.removeSure")}
          remove={() => call(`${SERVICE}/DeleteBoard`, { environment, boardId: id, revision })}
          onClose={() => setRemoving(false)}
          onDone={() => {
            onChanged();
            tell(t("ana.board.removed"));
            navigate(href("/analises"));
          }}
        />
      )}
    </>
  );
}
