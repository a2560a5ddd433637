import { useState } from "react";
import { Link } from "wouter";
import { useCall } from "../../api/hooks";
import { mayEdit, useSession } from "../../api/session";
import { Card } from "../../components/Card";
import { Icon } from "../../components/icons";
import { useNow } from "../../components/now";
import { EmptyState, ErrorState, SkeletonLines } from "../../components/states";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { RolloutActions } from "./RolloutActions";
import { RolloutBadge } from "./badges";
import { Breach } from "./Breach";
import { Guards } from "./Guards";
import { actionOf } from "./guards";
import { History } from "./History";
import { approvable } from "./standing";
import { Timeline } from "./Timeline";
import { type RolloutRecord, SERVICE } from "./types";

const POLL_MS = 3000;

/** One plan. */
export function RolloutPage({ id }: { readonly id: string }) {
  const { t } = useSpeech();
  const { environment, href } = useScope();
  const { data, problem, reload } = useCall(`${SERVICE}/GetRollout`, { environment, rolloutId: id }, POLL_MS);
  const [answered, setAnswered] = useState<{ record: RolloutRecord; before: unknown }>();
  // What a change has answered holds until something newer was asked for.
  const record = answered !== undefined && answered.before === data ? answered.record : data?.rollout;
  return (
    <>
      <Link className="back-link" href={href("/rollouts")}>
        <Icon name="back" />
        {t("roll.back")}
      </Link>
      {record !== undefined ? (
        <Known
          record={record}
          onChanged={(next) => {
            setAnswered({ record: { ...next, events: record.events }, before: data });
            reload();
          }}
        />
      ) : problem === undefined ? (
        <SkeletonLines lines={8} />
      ) : problem.status === 404 ? (
        <EmptyState icon="rollouts" title={t("roll.absent")} />
      ) : (
        <ErrorState problem={problem} retry={reload} />
      )}
    </>
  );
}

/** Whether the reason tells what is not said already: by the evidence, which stands below, or by why it is held. */
function saysMore({ breach, holdReason, reason }: RolloutRecord): boolean {
  if (reason === "" || (breach !== undefined && breach.text !== "" && reason.includes(breach.text))) return false;
  return holdReason === "HOLD_REASON_UNSPECIFIED" || holdReason === "HOLD_REASON_FLAG_REFUSED";
}

/** Whether the guard that was breached has killed the flag. */
function hasKilled({ state, plan, breach }: RolloutRecord): boolean {
  const guard = plan?.guards.find((each) => each.name === breach?.guard);
  return state === "ROLLOUT_STATE_BREACHED" && guard !== undefined && actionOf(guard) === "GUARD_ACTION_KILL";
}

interface KnownProps {
  readonly record: RolloutRecord;
  readonly onChanged: (record: RolloutRecord) => void;
}

function Known({ record, onChanged }: KnownProps) {
  const { t } = useSpeech();
  const { href } = useScope();
  const now = useNow(1000);
  const editor = mayEdit(useSession());
  const { plan } = record;
  if (plan === undefined) return null;
  const { flagKey, variant, baselineVariant, description, origin } = plan;
  const waitsAt = record.state === "ROLLOUT_STATE_RUNNING" ? approvable(record) : undefined;
  return (
    <>
      <div className="page-head">
        <h1 className="mono">
          <Link href={href(`/flags/flag/${flagKey}`)}>{flagKey}</Link>
        </h1>
        <RolloutBadge state={record.state} />
        <span className="soft">
          {baselineVariant === ""
            ? t("roll.goesTo", { variant })
            : t("roll.goes", { baseline: baselineVariant, variant })}
        </span>
        {description !== "" && <p className="page-note">{description}</p>}
        {origin !== "" && (
          <Link className="small" href={href(`/experimentos/experimento/${encodeURIComponent(origin)}`)}>
            {t("roll.origin", { origin })}
          </Link>
        )}
      </div>
      <Card className={`rollout-now rollout-now-${record.state}`}>
        <div className="row row-between">
          <div className="stack-tight rollout-now-text">
            <p role="status">
              {waitsAt !== undefined
                ? t("roll.lead.approvalAhead", { stage: waitsAt })
                : t(hasKilled(record) ? "roll.lead.killed" : `roll.lead.${record.state}`)}
            </p>
            {record.holdReason !== "HOLD_REASON_UNSPECIFIED" && <p>{t(`roll.hold.${record.holdReason}`)}</p>}
            {saysMore(record) && <p className="soft small">{record.reason}</p>}
          </div>
          {editor && <RolloutActions record={record} onChanged={onChanged} />}
        </div>
      </Card>
      {record.breach !== undefined && <Breach record={record} evidence={record.breach} />}
      <div className="grid">
        <Card className="span-6" title={t("roll.timeline")}>
          <Timeline record={record} now={now} />
        </Card>
        <Card className="span-6" title={t("roll.guards")}>
          <Guards record={record} now={now} />
        </Card>
        <Card className="span-12" title={t("roll.events")}>
          <History events={record.events} now={now} />
        </Card>
      </div>
    </>
  );
}
