import { type ReactNode } from "react";
import { Link } from "wouter";
import { useCall } from "../../../api/hooks";
import { Button } from "../../../components/Button";
import { Card } from "../../../components/Card";
import { ErrorState, Skeleton } from "../../../components/states";
import { useSpeech } from "../../../i18n/language";
import { useScope } from "../../../shell/scope";
import { textOf } from "../asking/address";
import { finished } from "../asking/reading";
import { kindOf, type Question, SERVICE } from "../asking/question";
import { AnswerFoot } from "../results/AnswerFoot";
import { AnswerView } from "../results/AnswerView";

/** Boards are drawn anew so often; an answer may be so old. */
const REFRESH_MS = 300_000;
const FRESH = "60s";

interface Props {
  readonly title: string;
  /** With the scope of the page. */
  readonly question: Question;
  readonly wide: boolean;
  readonly actions?: ReactNode;
}

/** A report of a board. */
export function ReportCard({ title, question, wide, actions }: Props) {
  const { t } = useSpeech();
  const { environment, href } = useScope();
  const asked = finished(question);
  const { data, problem, loading, reload } = useCall(
    `${SERVICE}/RunReport`,
    { environment, question: asked, freshWithin: FRESH },
    REFRESH_MS,
  );
  const address = `${href("/analises/explorar")}&${new URLSearchParams({ q: textOf(question) }).toString()}`;
  return (
    <Card
      className={`report-card ${wide ? "span-12" : "span-6"}`}
      title={title}
      actions={
        <>
          {actions}
          {kindOf(question) !== undefined && (
            <Link className="button button-quiet" href={address} aria-label={`${t("ana.card.explore")}: ${title}`}>
              {t("ana.card.explore")}
            </Link>
          )}
          <Button look="quiet" icon="refresh" aria-label={`${t("ana.card.refresh")}: ${title}`} disabled={loading} onClick={reload} />
        </>
      }
    >
      {data?.answer !== undefined ? (
        <>
          <AnswerView title={title} answer={data.answer} question={asked} />
          <AnswerFoot answer={data.answer} question={asked} />
        </>
      ) : problem !== undefined ? (
        <ErrorState problem={problem} retry={reload} />
      ) : (
        <div role="status">
          <span className="visually-hidden">{t("ana.card.loading")}</span>
          <Skeleton height={200} />
        </div>
      )}
    </Card>
  );
}
