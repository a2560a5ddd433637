import type { Message } from "../../../api/methods";
import { useSpeech } from "../../../i18n/language";
import { count } from "../asking/question";

interface Props {
  readonly result: Message<"FunnelResult">;
  readonly previous: Message<"FunnelResult"> | undefined;
  /** Asks who stopped at a step, counted from 1; without it nobody can. */
  readonly onDropped?: (step: number) => void;
}

/** The steps of a funnel below each other: how many reached each, and which share of the one before. */
export function FunnelBars({ result, previous, onDropped }: Props) {
  const { t, counted, format } = useSpeech();
  const most = Math.max(1, count(result.steps[0]?.actors));
  return (
    <ol className="funnel">
      {result.steps.map((step, index) => {
        const [actors, next] = [count(step.actors), result.steps[index + 1]];
        const dropped = next === undefined ? 0 : actors - count(next.actors);
        const before = previous?.steps[index];
        return (
          <li key={index}>
            <div className="funnel-head">
              <strong className="funnel-name">
                {index + 1}. {step.event}
              </strong>
              <span className="funnel-count" data-step={index + 1} data-value={step.actors}>
                {format.number(step.actors)}
              </span>
            </div>
            <div className="funnel-track" aria-hidden="true">
              <span className="funnel-bar" style={{ width: `${(actors / most) * 100}%` }} />
              {before?.overall !== undefined && <span className="funnel-ghost" style={{ width: `${before.overall * 100}%` }} />}
            </div>
            <div className="funnel-foot">
              <span>
                {index > 0 && step.fromPrevious !== undefined && (
                  <>
                    <strong>{format.percent(step.fromPrevious)}</strong> {t("ana.column.fromPrevious").toLowerCase()}
                    {before?.fromPrevious !== undefined && (
                      <span className="faint"> · {t("ana.funnel.previous", { share: format.percent(before.fromPrevious) })}</span>
                    )}
                  </>
                )}
              </span>
              {dropped > 0 &&
                (onDropped === undefined ? (
                  <span className="faint">{counted("ana.funnel.dropped", dropped)}</span>
                ) : (
                  <button type="button" className="link" onClick={() => onDropped(index + 1)}>
                    {counted("ana.funnel.dropped", dropped)}
                  </button>
                ))}
            </div>
          </li>
        );
      })}
    </ol>
  );
}
