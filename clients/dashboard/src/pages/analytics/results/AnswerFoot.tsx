import { useSpeech } from "../../../i18n/language";
import { dateOf } from "../asking/periods";
import { type Answer, kindOf, type Question } from "../asking/question";
import { dateText } from "./model";

const MIB = 1024 * 1024;

/** Of when the numbers are, how they are made, and what they were held to. */
export function AnswerFoot({ answer, question }: { readonly answer: Answer; readonly question: Question }) {
  const speech = useSpeech();
  const { t, format } = speech;
  const kind = kindOf(question);
  const day = (time: number) => dateText(dateOf(new Date(time), answer.timeZone), speech);
  const days = (start: string, end: string) => ({ first: day(Date.parse(start)), last: day(Date.parse(end) - 1) });
  const { start, end, previousStart, firstEvent } = answer;
  const until = answer.watermark?.completeUntil;
  const time = until === undefined ? "" : format.dateTime(new Date(until), new Date());
  const limits = answer.limits;
  const memory = Number(limits?.memoryBytes ?? 0) / MIB;
  return (
    <div className="answer-foot">
      <p>
        {until === undefined
          ? t("ana.card.untilUnknown")
          : t(answer.watermark?.atEnd === true ? "ana.card.until" : "ana.card.catchingUp", { time })}
        {start !== undefined && end !== undefined && ` · ${t("ana.card.period", days(start, end))}`}
        {start !== undefined &&
          previousStart !== undefined &&
          ` · ${t("ana.card.comparedWith", days(previousStart, start))}`}
        {firstEvent === undefined && ` · ${t("ana.card.noEvents")}`}
        {firstEvent !== undefined &&
          previousStart !== undefined &&
          Date.parse(firstEvent) > Date.parse(previousStart) &&
          ` · ${t("ana.card.comparedPartly", { first: day(Date.parse(firstEvent)) })}`}
      </p>
      <details>
        <summary>{t("ana.card.how")}</summary>
        <div className="stack-tight">
          <p>{t(kind === undefined ? "ana.how.other" : `ana.how.${kind}`)}</p>
          <p>
            {t("ana.card.zone", { zone: answer.timeZone })}
            {answer.cached && ` · ${t("ana.card.cached")}`}
          </p>
          {limits !== undefined && (
            <p>
              {t("ana.card.limits", {
                seconds: format.number(Number.parseFloat(limits.time ?? "0")),
                memory: memory >= 1024 ? `${format.number(memory / 1024, 1)} GiB` : `${format.number(memory)} MiB`,
                concurrent: format.number(limits.concurrent),
              })}
            </p>
          )}
        </div>
      </details>
    </div>
  );
}
