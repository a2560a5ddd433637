import { Link, useRoute } from "wouter";
import { useCall } from "../../../api/hooks";
import { Card } from "../../../components/Card";
import { EmptyState, ErrorState, SkeletonLines } from "../../../components/states";
import { useSpeech } from "../../../i18n/language";
import { useScope } from "../../../shell/scope";
import { SERVICE } from "../asking/question";
import { BoardView } from "./BoardView";

/** All boards by name, and the one that was chosen. */
export default function BoardsTab() {
  const { t } = useSpeech();
  const { environment, href } = useScope();
  const [, parameters] = useRoute("/analises/painel/:id");
  const { data, problem, reload } = useCall(`${SERVICE}/ListBoards`, { environment });
  if (data === undefined) {
    return problem === undefined ? (
      <Card>
        <SkeletonLines lines={8} />
      </Card>
    ) : (
      <ErrorState problem={problem} retry={reload} />
    );
  }
  const board = data.boards.find((each) => each.info?.id === parameters?.id) ?? data.boards[0];
  if (board === undefined) {
    return (
      <Card>
        <EmptyState title={t("ana.noBoards")}>
          <p>{t("ana.noBoardsLead")}</p>
        </EmptyState>
      </Card>
    );
  }
  return (
    <div className="stack">
      <nav className="segmented board-names" aria-label={t("ana.boards")}>
        {data.boards.map(({ info }) => (
          <Link
            key={info?.id}
            href={href(`/analises/painel/${encodeURIComponent(info?.id ?? "")}`)}
            aria-current={info?.id === board.info?.id ? "page" : undefined}
          >
            {info?.name}
          </Link>
        ))}
      </nav>
      <BoardView key={board.info?.id} board={board} onChanged={reload} />
    </div>
  );
}
