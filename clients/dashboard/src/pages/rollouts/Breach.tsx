import type { Message } from "../../api/methods";
import { Card } from "../../components/Card";
import { useSpeech } from "../../i18n/language";
import { guardSentence, kindOf, writeReading } from "./guards";
import type { RolloutRecord } from "./types";

interface Props {
  readonly record: RolloutRecord;
  readonly evidence: Message<"GuardEvidence">;
}

/** Why a guard was breached: what was seen, against which limit, and when. */
export function Breach({ record, evidence }: Props) {
  const speech = useSpeech();
  const { t, format } = speech;
  const guard = record.plan?.guards.find((each) => each.name === evidence.guard);
  const write = (value: number) =>
    guard === undefined ? format.number(value, 4) : writeReading(kindOf(guard), value, format);
  const { firstEventAt: first, detectedAt: detected } = evidence;
  const clock = (time: string) => {
    const at = new Date(time);
    return `${format.day(at)} ${format.clock(at)}`;
  };
  const later =
    first === undefined || detected === undefined ? undefined : (Date.parse(detected) - Date.parse(first)) / 1000;
  return (
    <Card className="breach" title={t("roll.breach", { guard: evidence.guard })}>
      <div className="stack">
        {guard !== undefined && <p>{guardSentence(guard, speech)}</p>}
        <dl className="guard-facts">
          <div>
            <dt>{t("roll.breach.observed")}</dt>
            <dd>{write(evidence.observed)}</dd>
          </div>
          <div>
            <dt>{t("roll.guard.limit")}</dt>
            <dd>{write(evidence.limit)}</dd>
          </div>
          <div>
            <dt>{t("roll.breach.sample")}</dt>
            <dd>{format.number(evidence.sample)}</dd>
          </div>
          {first !== undefined && (
            <div>
              <dt>{t("roll.breach.first")}</dt>
              <dd>{clock(first)}</dd>
            </div>
          )}
          {detected !== undefined && (
            <div>
              <dt>{t("roll.breach.detected")}</dt>
              <dd>
                {later === undefined
                  ? clock(detected)
                  : t("roll.breach.after", { time: clock(detected), length: `${format.number(later, 1)} s` })}
              </dd>
            </div>
          )}
        </dl>
        {guard === undefined && evidence.text !== "" && (
          <p className="faint small" lang="en">
            {evidence.text}
          </p>
        )}
      </div>
    </Card>
  );
}
