import { useMemo } from "react";
import { EmptyState } from "../../../components/states";
import { useSpeech } from "../../../i18n/language";
import type { Answer, Question } from "../asking/question";
import { Facts } from "./Facts";
import { isEmpty } from "./model";
import { hasChart, ResultChart } from "./ResultChart";
import { ResultTables } from "./ResultTables";
import { textOfResult } from "./text";
import "./results.css";

interface Props {
  readonly title: string;
  readonly answer: Answer;
  readonly question: Question;
  /** The tables stand beside the chart, not below it on demand. */
  readonly wide?: boolean;
  readonly onDropped?: (step: number) => void;
}

/** What came back: the figures, the chart, the numbers. */
export function AnswerView({ title, answer, question, wide = false, onDropped }: Props) {
  const speech = useSpeech();
  const { t } = speech;
  const { result, previous } = answer;
  const text = useMemo(() => result && textOfResult(result, question, speech), [result, question, speech]);
  const before = useMemo(() => previous && textOfResult(previous, question, speech), [previous, question, speech]);
  if (result === undefined || text === undefined || isEmpty(text)) {
    return (
      <EmptyState title={t("ana.card.empty")}>
        <p>{t("ana.card.emptyLead")}</p>
      </EmptyState>
    );
  }
  const drawn = hasChart(result);
  const was = before === undefined || isEmpty(before) ? undefined : before;
  const shown = text.tables.filter((each) => each.always === true);
  return (
    <div className="stack answer">
      <Facts facts={text.facts} before={was?.facts} />
      <div className={wide && drawn ? "answer-beside" : "stack"}>
        {drawn && (
          <ResultChart title={title} result={result} previous={was && previous} question={question} onDropped={onDropped} />
        )}
        {!drawn || wide ? (
          <ResultTables tables={text.tables} title={title} />
        ) : (
          <>
            {shown.length > 0 && <ResultTables tables={shown} title={title} />}
            <details className="chart-table">
              <summary>{t("chart.table")}</summary>
              <ResultTables tables={text.tables.filter((each) => each.always !== true)} title={title} />
            </details>
          </>
        )}
      </div>
      {(text.notes.length > 0 || was !== before) && (
        <ul className="small soft answer-notes">
          {was !== before && <li>{t("ana.note.nothingBefore")}</li>}
          {text.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
