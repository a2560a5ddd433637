import { useState } from "react";
import { useLocation, useSearch } from "wouter";
import { useCall } from "../../../api/hooks";
import { Card } from "../../../components/Card";
import { EmptyState, ErrorState, Skeleton } from "../../../components/states";
import { useSpeech } from "../../../i18n/language";
import { useScope } from "../../../shell/scope";
import { addressWith, questionOfText, textOf } from "../asking/address";
import { withPeriod } from "../asking/periods";
import { kindOf, type Question, SERVICE } from "../asking/question";
import { finished, reportOf } from "../asking/reading";
import { ScopeBar } from "../asking/ScopeBar";
import { FIRST } from "../asking/shape";
import { AnswerFoot } from "../results/AnswerFoot";
import { AnswerView } from "../results/AnswerView";
import { AnswerActions } from "./AnswerActions";
import { DroppedDialog } from "./DroppedDialog";
import { QuestionForm } from "./QuestionForm";

/** Questions of one's own. The address holds the one that was asked, the form the one that is being made. */
export default function ExploreTab() {
  const { t } = useSpeech();
  const { environment, tenant } = useScope();
  const [path, navigate] = useLocation();
  const search = useSearch();
  const given = new URLSearchParams(search).get("q");
  const read = questionOfText(given);
  const asked = read && { ...read, scope: withPeriod(read.scope ?? {}) };
  const [draft, setDraft] = useState<Question>(
    () => asked ?? { scope: withPeriod({}), funnel: reportOf("funnel", FIRST.funnel) },
  );
  const [step, setStep] = useState<number>();
  // Another address was opened: by the browser's buttons, or a link.
  const [shown, setShown] = useState(given);
  if (shown !== given) {
    setShown(given);
    if (asked !== undefined) setDraft(asked);
  }
  const question = asked && finished({ ...asked, scope: { ...asked.scope, ...(tenant === "" ? {} : { tenant }) } });
  const { data, problem, loading, reload } = useCall(
    `${SERVICE}/RunReport`,
    question === undefined ? null : { environment, question },
  );
  const run = (next: Question) => {
    setDraft(next);
    if (textOf(next) === given) reload();
    else navigate(addressWith(path, search, "q", textOf(next)));
  };
  const changed = asked !== undefined && textOf(draft) !== textOf(asked);
  const kind = asked && kindOf(asked);
  const title = kind === undefined ? t("explore.title") : t(`explore.kind.${kind}`);
  const answer = data?.answer;
  return (
    <div className="stack">
      <ScopeBar
        scope={draft.scope ?? {}}
        onChange={(scope) => {
          // A period is looked at once it is chosen; a filter is only when it is whole.
          const next = { ...draft, scope };
          if (asked !== undefined && !changed && textOf(finished(next)) !== textOf(finished(draft))) run(next);
          else setDraft(next);
        }}
      />
      <div className="explore">
        <Card className="explore-form" title={t("explore.begin")}>
          <QuestionForm
            question={draft}
            onChange={setDraft}
            onRun={() => run(draft)}
            problem={problem}
            pending={loading}
          />
        </Card>
        <Card
          className="explore-answer"
          title={title}
          actions={question !== undefined && <AnswerActions question={question} title={title} ready={answer !== undefined} />}
        >
          {changed && (
            <p className="small soft" role="status">
              {t("explore.changed")}
            </p>
          )}
          {question === undefined ? (
            <EmptyState title={t("explore.begin")} icon="analytics">
              <p>{t("explore.beginLead")}</p>
            </EmptyState>
          ) : answer !== undefined && problem === undefined ? (
            <div aria-busy={loading} data-answer={loading ? undefined : ""}>
              <AnswerView
                wide
                title={title}
                answer={answer}
                question={question}
                {...(question.funnel === undefined ? {} : { onDropped: setStep })}
              />
              <AnswerFoot answer={answer} question={question} />
            </div>
          ) : problem !== undefined ? (
            <div className="stack">
              <ErrorState problem={problem} retry={reload} />
              {problem.violations.length > 1 && (
                <ul className="field-error violations">
                  {problem.violations.map((each) => (
                    <li key={each.field}>
                      <code>{each.field}</code> {each.detail}
                    </li>
                  ))}
                </ul>
              )}
            </div>
          ) : (
            <div role="status">
              <span className="visually-hidden">{t("ana.card.loading")}</span>
              <Skeleton height={320} />
            </div>
          )}
        </Card>
      </div>
      {step !== undefined && question?.funnel !== undefined && (
        <DroppedDialog question={question} funnel={question.funnel} step={step} onClose={() => setStep(undefined)} />
      )}
    </div>
  );
}
