import type { Message } from "../../../api/methods";
import { useSpeech } from "../../../i18n/language";
import { count } from "../asking/question";
import { BarList } from "./BarList";
import { groupName } from "./model";

/** What came next, step by step: the events of each, and how many paths had ended by then. */
export function PathColumns({ result }: { readonly result: Message<"PathsResult"> }) {
  const speech = useSpeech();
  const { t, format } = speech;
  const all = Math.max(1, count(result.paths));
  return (
    <ol className="path-columns">
      {result.steps.map((step) => (
        <li key={step.step} className="stack-tight">
          <h3>{t("ana.paths.step", { step: step.step })}</h3>
          <BarList
            label={t("ana.paths.step", { step: step.step })}
            most={all}
            rows={step.nodes.map((node) => ({
              name: groupName(node.event, speech),
              value: count(node.count),
              text: format.percent(node.share ?? 0),
              more: format.number(node.count),
            }))}
          />
          <p className="small soft">{t("ana.paths.ended", { share: format.percent(count(step.ended) / all) })}</p>
        </li>
      ))}
    </ol>
  );
}
