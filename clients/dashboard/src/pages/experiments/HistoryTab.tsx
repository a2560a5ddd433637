import { usePages } from "../../api/hooks";
import { Button } from "../../components/Button";
import { Card } from "../../components/Card";
import { useNow } from "../../components/now";
import { ErrorState, SkeletonLines } from "../../components/states";
import { type Speech, useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { ExperimentBadge } from "./badges";
import { SERVICE } from "./types";

const ACTIONS = ["create", "update", "start", "allocate", "pause", "resume", "stop", "decide", "archive"] as const;

/** Who changed an experiment, when, and what was said about it. */
export function HistoryTab({ experimentKey }: { readonly experimentKey: string }) {
  const { t, format } = useSpeech();
  const { environment } = useScope();
  const now = useNow(60_000);
  const asked = { environment, experimentKey };
  const { pages, problem, more, reload } = usePages(`${SERVICE}/GetExperimentHistory`, asked);
  const changes = pages?.flatMap((page) => page.changes);
  if (changes === undefined) {
    return <Card>{problem === undefined ? <SkeletonLines /> : <ErrorState problem={problem} retry={reload} />}</Card>;
  }
  return (
    <Card>
      <ol className="history-line">
        {changes.map((change) => (
          <li key={change.version}>
            <div className="row">
              <strong>{actionText(change.action, t)}</strong>
              <ExperimentBadge state={change.state} />
            </div>
            <span className="soft small">
              {t("exp.history.by", {
                actor: change.actor,
                when: change.at === undefined ? "" : format.dateTime(new Date(change.at), now),
              })}
            </span>
            {change.comment !== "" && <p>{change.comment}</p>}
          </li>
        ))}
      </ol>
      {more !== undefined && <Button onClick={more}>{t("action.more")}</Button>}
    </Card>
  );
}

function actionText(action: string, t: Speech["t"]): string {
  const known = ACTIONS.find((each) => each === action);
  return known === undefined ? action : t(`exp.history.${known}`);
}
