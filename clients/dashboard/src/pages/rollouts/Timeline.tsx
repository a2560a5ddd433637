import { Badge } from "../../components/Badge";
import { Icon } from "../../components/icons";
import { useSpeech } from "../../i18n/language";
import { WHOLE } from "../flags/shares";
import { lengthText } from "./lengths";
import { audienceOf, isApproved, secondsOf, soakOf, type Standing, standingOf } from "./standing";
import type { RolloutRecord, Stage } from "./types";

const TONES = { done: "good", current: "accent", next: "plain", later: "plain" } as const;

interface Props {
  readonly record: RolloutRecord;
  readonly now: Date;
}

/** The stages of a plan in their order: what is done, what is served, and what comes. */
export function Timeline({ record, now }: Props) {
  return (
    <ol className="timeline">
      {(record.plan?.stages ?? []).map((stage, index) => (
        <StageItem key={index} record={record} stage={stage} number={index + 1} now={now} />
      ))}
    </ol>
  );
}

interface ItemProps extends Props {
  readonly stage: Stage;
  readonly number: number;
}

function StageItem({ record, stage, number, now }: ItemProps) {
  const { t, counted, format } = useSpeech();
  const standing = standingOf(record, number);
  const share = format.percent(stage.coverage / WHOLE, 3);
  const { kind, segment } = audienceOf(stage);
  const needed = Number(stage.minimumSample);
  const current = standing === "current";
  return (
    <li
      className={`timeline-stage timeline-${standing}`}
      aria-current={current ? "step" : undefined}
      data-standing={standing}
    >
      <span className="timeline-mark" aria-hidden="true">
        {standing === "done" ? <Icon name="check" /> : number}
      </span>
      <div className="stack-tight">
        <div className="row">
          <strong>{stage.name === "" ? t("roll.stage.unnamed", { number }) : stage.name}</strong>
          <Badge tone={TONES[standing]}>{t(`roll.stage.${standing}`)}</Badge>
          {record.lastGoodStage === number && <Badge tone="good">{t("roll.stage.lastGood")}</Badge>}
          {stage.needsApproval && (
            <Badge tone={isApproved(record, number) ? "good" : "warn"}>
              {t(isApproved(record, number) ? "roll.approval.given" : "roll.approval.needed")}
            </Badge>
          )}
        </div>
        <span>{t("roll.stage.coverage", { share, audience: t(`roll.audience.${kind}`, { segment }) })}</span>
        <SoakLine record={record} stage={stage} standing={standing} now={now} number={number} />
        {needed > 0 && (
          <span className="soft small">
            {current && record.guards !== undefined
              ? t("roll.sample", { seen: format.number(record.guards.sample), needed: format.number(needed) })
              : counted("roll.sample.needed", needed)}
          </span>
        )}
      </div>
    </li>
  );
}

function SoakLine({ record, stage, standing, now, number }: ItemProps & { readonly standing: Standing }) {
  const speech = useSpeech();
  const { t, format } = speech;
  const seconds = secondsOf(stage.soak);
  const length = lengthText(seconds, speech);
  const soak = standing === "current" ? soakOf(record, now) : undefined;
  if (seconds === 0) return <span className="soft small">{t("roll.soak.none")}</span>;
  if (soak === undefined) return <span className="soft small">{t("roll.soak", { length })}</span>;
  const over = soak.left === 0;
  return (
    <div className="soak">
      <progress
        max={soak.length}
        value={soak.length - soak.left}
        aria-label={t("roll.soak.progress", { stage: number })}
      />
      <span className="soft small">
        {over
          ? t("roll.soak.over", { length })
          : t("roll.soak.left", { left: format.duration(soak.left), length })}
      </span>
    </div>
  );
}
