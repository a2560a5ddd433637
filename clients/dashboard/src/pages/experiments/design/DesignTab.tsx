import { Card } from "../../../components/Card";
import { useSpeech } from "../../../i18n/language";
import type { Experiment, ExperimentRecord } from "../types";
import { Summary } from "./Summary";

interface Props {
  readonly record: ExperimentRecord;
  readonly experiment: Experiment;
}

/** The design of an experiment, and the phases and pauses that it has had. */
export function DesignTab({ record, experiment }: Props) {
  const { t, format } = useSpeech();
  const time = (at: string | undefined) => (at === undefined ? "–" : format.dateTime(new Date(at), new Date()));
  return (
    <Card>
      <div className="stack">
        <Summary experiment={experiment} />
        {record.phases.length > 0 && (
          <div className="stack-tight">
            <h3>{t("exp.design.phases")}</h3>
            <ul>
              {record.phases.map((phase) => (
                <li key={phase.startedAt}>
                  {t("exp.design.phase", {
                    when: time(phase.startedAt),
                    arms: phase.arms.map((arm) => `${arm.variant} ${format.number(arm.weight)}`).join(", "),
                  })}
                </li>
              ))}
            </ul>
          </div>
        )}
        {record.pauses.length > 0 && (
          <div className="stack-tight">
            <h3>{t("exp.design.pauses")}</h3>
            <ul>
              {record.pauses.map((pause) => (
                <li key={pause.startedAt}>
                  {t("exp.design.pause", {
                    from: time(pause.startedAt),
                    until: pause.endedAt === undefined ? t("exp.design.now") : time(pause.endedAt),
                  })}
                </li>
              ))}
            </ul>
          </div>
        )}
      </div>
    </Card>
  );
}
