import { Link } from "wouter";
import { Card } from "../../../components/Card";
import { useSpeech } from "../../../i18n/language";
import { useScope } from "../../../shell/scope";
import { VerdictBadge } from "../badges";
import type { ExperimentRecord, Results } from "../types";
import { reasonText } from "../verdicts";

interface Props {
  readonly record: ExperimentRecord;
  readonly results: Results;
}

/** The verdict with its reasons, what was decided, and of when the numbers are. */
export function VerdictCard({ record, results }: Props) {
  const speech = useSpeech();
  const { t, counted, format } = speech;
  const { verdict } = results;
  const kind = verdict?.kind ?? "VERDICT_KIND_UNSPECIFIED";
  const ship = kind === "VERDICT_KIND_SHIP" && verdict !== undefined && verdict.winner !== "";
  const time = (at: string | undefined) => (at === undefined ? "–" : format.dateTime(new Date(at), new Date()));
  return (
    <Card className={`span-8 verdict verdict-${kind}`} title={t("exp.verdict.title")}>
      <div className="stack" data-verdict={kind} data-winner={verdict?.winner}>
        <div className="stack-tight">
          <p className="verdict-word" role="status">
            {ship ? t("exp.verdict.ship", { variant: verdict.winner }) : t(`exp.verdict.${kind}`)}
          </p>
          <p className="soft">
            {t(`exp.verdict.lead.${kind}`)} {counted("exp.days", results.days)}.
          </p>
        </div>
        <ul className="stack-tight">
          {(verdict?.arms ?? []).map((arm) => (
            <li key={arm.variant}>
              <div className="row">
                <strong className="mono">{arm.variant}</strong>
                <VerdictBadge verdict={{ kind: arm.kind, winner: "", arms: [], text: "" }} />
              </div>
              <ul className="reasons">
                {arm.reasons.map((reason) => (
                  <li key={`${reason.code} ${reason.subject}`}>{reasonText(reason, speech)}</li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
        <Decided record={record} />
        <p className="faint small">
          {t("exp.watermark", { until: time(results.completeUntil), computed: time(results.computedAt) })}
          {results.catchingUp && ` · ${t("exp.catchingUp")}`}
        </p>
      </div>
    </Card>
  );
}

function Decided({ record }: { readonly record: ExperimentRecord }) {
  const { t, format } = useSpeech();
  const { href } = useScope();
  const { decision } = record;
  if (decision === undefined) return null;
  const when = decision.at === undefined ? "" : format.dateTime(new Date(decision.at), new Date());
  return (
    <div className="decided" data-decision={decision.kind}>
      <strong>{t(`exp.decided.${decision.kind}`, { variant: decision.variant })}</strong>
      <span className="soft small">{t("exp.decided.by", { by: decision.by, when })}</span>
      {decision.againstVerdict && <span>{t("exp.decided.against")}</span>}
      {decision.comment !== "" && <p>{decision.comment}</p>}
      {decision.rolloutId !== "" && (
        <Link href={href(`/rollouts/plano/${decision.rolloutId}`)}>{t("exp.decided.rollout")}</Link>
      )}
    </div>
  );
}
