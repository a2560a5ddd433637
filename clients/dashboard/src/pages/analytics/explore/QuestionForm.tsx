import type { SyntheticEvent } from "react";
import type { ApiProblem } from "../../../api/problem";
import { Button } from "../../../components/Button";
import { useSpeech } from "../../../i18n/language";
import { type Kind, KINDS, kindOf, type Question } from "../asking/question";
import { membersOf, reportOf } from "../asking/reading";
import { FIRST, SHAPES } from "../asking/shape";
import { FieldInput } from "./FieldInput";

/** As fields of problems are written. */
function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Fields that few need are out of sight until somebody wants them. */
const ALWAYS = 5;

interface Props {
  readonly question: Question;
  readonly onChange: (question: Question) => void;
  readonly onRun: () => void;
  readonly problem: ApiProblem | undefined;
  readonly pending: boolean;
}

/** The form of a question, of whatever report: its fields are those of its shape. */
export function QuestionForm({ question, onChange, onRun, problem, pending }: Props) {
  const { t } = useSpeech();
  const kind = kindOf(question) ?? "funnel";
  const members = membersOf(question[kind]);
  const steps = Array.isArray(members["steps"]) ? members["steps"].length : 0;
  const choose = (next: Kind) => onChange({ scope: question.scope ?? {}, [next]: reportOf(next, FIRST[next]) });
  const fields = SHAPES[kind].map((field) => (
    <FieldInput
      key={`${kind} ${field.name}`}
      field={field}
      value={members[field.name]}
      steps={steps}
      problem={problem}
      name={`question.${snake(kind)}.${snake(field.name)}`}
      onChange={(value) => onChange({ ...question, [kind]: reportOf(kind, { ...members, [field.name]: value }) })}
    />
  ));
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    onRun();
  };
  return (
    <form className="stack question-form" onSubmit={submit}>
      <div className="field">
        <label htmlFor="report-kind">{t("explore.report")}</label>
        <select
          id="report-kind"
          className="input"
          value={kind}
          onChange={(event) => choose(KINDS.find((each) => each === event.target.value) ?? kind)}
        >
          {KINDS.map((each) => (
            <option key={each} value={each}>
              {t(`explore.kind.${each}`)}
            </option>
          ))}
        </select>
      </div>
      {fields.slice(0, ALWAYS)}
      {fields.length > ALWAYS && (
        <details className="chart-table">
          <summary>{t("explore.more")}</summary>
          <div className="stack">{fields.slice(ALWAYS)}</div>
        </details>
      )}
      <Button type="submit" look="primary" disabled={pending}>
        {t("explore.run")}
      </Button>
    </form>
  );
}
