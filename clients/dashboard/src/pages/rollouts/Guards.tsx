import { useSpeech } from "../../i18n/language";
import { Distance, GuardBadge } from "./badges";
import { actionOf, guardSentence, kindOf, writeReading } from "./guards";
import type { Guard, Reading, RolloutRecord } from "./types";

interface Props {
  readonly record: RolloutRecord;
  readonly now: Date;
}

/** The guards of a plan, and how far each is from its limit. */
export function Guards({ record, now }: Props) {
  const { t, format } = useSpeech();
  const guards = record.plan?.guards ?? [];
  const report = record.guards;
  if (guards.length === 0) return <p className="soft">{t("roll.guards.none")}</p>;
  const readings = new Map((report?.readings ?? []).map((each) => [each.guard, each]));
  const when = report?.reportedAt === undefined ? "" : format.ago(new Date(report.reportedAt), now);
  return (
    <div className="stack">
      {report?.blind === true && (
        <p className="guard-blind" role="alert">
          {t("roll.guards.blind")}
        </p>
      )}
      <ul className="guards">
        {guards.map((guard) => (
          <GuardItem key={guard.name} guard={guard} reading={readings.get(guard.name)} />
        ))}
      </ul>
      <p className="faint small">
        {report === undefined
          ? t("roll.guards.notYet")
          : t("roll.guards.asOf", { when, sample: format.number(report.sample) })}
      </p>
    </div>
  );
}

function GuardItem({ guard, reading }: { readonly guard: Guard; readonly reading: Reading | undefined }) {
  const speech = useSpeech();
  const { t, format } = speech;
  const write = (value: number | undefined) => writeReading(kindOf(guard), value, format);
  return (
    <li className="guard" data-guard={guard.name}>
      <div className="row">
        <strong className="mono">{guard.name}</strong>
        {reading !== undefined && <GuardBadge state={reading.state} />}
      </div>
      <span>{guardSentence(guard, speech)}</span>
      <span className="soft small">{t("roll.guard.then", { action: t(`roll.action.${actionOf(guard)}`) })}</span>
      {reading !== undefined && (
        <dl className="guard-facts">
          <div>
            <dt>{t("roll.guard.observed")}</dt>
            <dd>{write(reading.observed)}</dd>
          </div>
          <div>
            <dt>{t("roll.guard.limit")}</dt>
            <dd>{write(reading.limit)}</dd>
          </div>
          <div>
            <dt>{t("roll.guard.sample")}</dt>
            <dd>{format.number(reading.sample)}</dd>
          </div>
          <div>
            <dt>{t("roll.guard.distance")}</dt>
            <dd>
              {reading.distance === undefined ? (
                "–"
              ) : (
                <Distance label={`${t("roll.guard.distance")}: ${guard.name}`} distance={reading.distance} />
              )}
            </dd>
          </div>
        </dl>
      )}
    </li>
  );
}
