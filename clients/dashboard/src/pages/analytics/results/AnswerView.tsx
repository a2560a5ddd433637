import { useMemo } from "react";
import { EmptyState } from "../../../components/states";
import { useSpeech } from "../../../i18n/language";
import type { Answer, Question } from "../asking/question";
import { Facts } from "./Facts";
import { isEmpty } from "./model";
import { hasChart, ResultChart } from "./ResultChart";
import { ResultTables } from "./ResultTables";
import { textOfResult } from "./text";

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
  const tables = <ResultTables tables={text.tables} title={title} />;
  return (
    <div className="stack answer">
      <Facts facts={text.facts} before={before?.facts} />
      <div className={wide && drawn ? "answer-beside" : "stack"}>
        {drawn && (
          <ResultChart title={title} result={result} previous={previous} question={question} onDropped={onDropped} />
        )}
        {!drawn || wide ? (
          tables
        ) : (
          <details className="chart-table">
            <summary>{t("chart.table")}</summary>
            {tables}
          </details>
        )}
      </div>
      {text.notes.length > 0 && (
        <ul className="small soft answer-notes">
          {text.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
