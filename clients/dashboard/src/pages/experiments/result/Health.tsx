import { Badge } from "../../../components/Badge";
import { Card } from "../../../components/Card";
import { useSpeech } from "../../../i18n/language";
import type { Results } from "../types";
import { pPhrase } from "./numbers";

interface Props {
  readonly className: string;
  readonly health: Results["health"];
}

/** Whether the numbers can be believed: shares, units that saw several variants, exposures that do not count. */
export function Health({ className, health }: Props) {
  const speech = useSpeech();
  const { t, format } = speech;
  if (health === undefined) return null;
  const all = health.arms.reduce((sum, arm) => sum + Number(arm.units), 0);
  const bad = health.sampleRatioMismatch || health.tooManyCrossovers;
  const counts = [
    ["exp.health.repeated", health.repeatedExposures],
    ["exp.health.moved", health.moved],
    ["exp.health.inPauses", health.exposedInPauses],
    ["exp.health.nameless", health.namelessExposures],
    ["exp.health.unknown", health.unknownVariants],
  ] as const;
  return (
    <Card className={className} title={t("exp.health")}>
      <div className="stack">
        <div>
          <Badge tone={bad ? "bad" : "good"} dot>
            {t(bad ? "exp.health.bad" : "exp.health.good")}
          </Badge>
        </div>
        <dl className="facts health-facts">
          {health.arms.map((arm) => (
            <div key={arm.variant} data-arm={arm.variant}>
              <dt className="mono">{arm.variant}</dt>
              <dd>
                {format.number(arm.units)}
                <span className="flag-tags">
                  {t("exp.health.count", {
                    share: all === 0 ? "–" : format.percent(Number(arm.units) / all),
                    expected: format.percent(arm.expectedShare),
                  })}
                </span>
              </dd>
            </div>
          ))}
          <div>
            <dt>{t("exp.health.srm")}</dt>
            <dd>
              {health.sampleRatioP === undefined
                ? "–"
                : `${t(health.sampleRatioMismatch ? "exp.health.mismatch" : "exp.health.match")}, ${pPhrase(health.sampleRatioP, speech)}`}
            </dd>
          </div>
          <div>
            <dt>{t("exp.health.crossovers")}</dt>
            <dd>
              {format.number(health.crossovers)} ({format.percent(health.crossoverShare, 2)})
            </dd>
          </div>
          {counts
            .filter(([, count]) => count !== "0")
            .map(([key, count]) => (
              <div key={key}>
                <dt>{t(key)}</dt>
                <dd>{format.number(count)}</dd>
              </div>
            ))}
        </dl>
        {health.warnings.length > 0 && (
          <ul className="warnings" lang="pt-BR">
            {health.warnings.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        )}
      </div>
    </Card>
  );
}
