import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Message } from "../../api/methods";
import { Badge } from "../../components/Badge";
import { Card } from "../../components/Card";
import { NOTHING } from "../../i18n/format";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { secondsOf } from "../rollouts/standing";
import { ExperimentMonths } from "./ExperimentMonths";
import { type FigureName, type Health, preciseLength, reasonOf } from "./health";
import { RecoveriesCard, RecoveryFigures } from "./Recovery";
import { StageBar } from "./StageBar";

/** Of the events that were never seen, so many are named. */
const MOST_UNSEEN = 8;

/** The figures of health. Each that is not known says why, and hides no other. */
export function HealthCards({ health }: { readonly health: Health }) {
  const { recovery, coverage, live, stages, experiments } = health;
  return (
    <div className="grid">
      <Figure health={health} name="recovery" className="span-4">
        {recovery && <RecoveryFigures times={recovery} />}
      </Figure>
      <Figure health={health} name="coverage" className="span-4">
        {coverage && <Coverage coverage={coverage} />}
      </Figure>
      <Figure health={health} name="live" className="span-4">
        {live && <LiveAge live={live} />}
      </Figure>
      <Figure health={health} name="stages" className="span-6">
        {stages && <StageBar stages={stages} />}
      </Figure>
      <Figure health={health} name="experiments" className="span-6">
        {experiments && <ExperimentMonths experiments={experiments} />}
      </Figure>
      {recovery !== undefined && recovery.recoveries.length > 0 && <RecoveriesCard times={recovery} />}
    </div>
  );
}

interface FigureProps {
  readonly health: Health;
  readonly name: FigureName;
  readonly className: string;
  /** Undefined: it is not known. */
  readonly children: ReactNode;
}

function Figure({ health, name, className, children }: FigureProps) {
  const { t } = useSpeech();
  const reason = reasonOf(health, name);
  return (
    <Card className={className} title={t(`prog.${name}`)}>
      {reason === undefined && children !== undefined ? (
        children
      ) : (
        <div className="stack-tight">
          <div>
            <Badge tone="warn" dot>
              {t("prog.unknown")}
            </Badge>
          </div>
          <p className="soft">{t("prog.unknownWhy")}</p>
          {reason !== undefined && (
            <p className="faint small" lang="en">
              {reason}
            </p>
          )}
        </div>
      )}
    </Card>
  );
}

function Coverage({ coverage }: { readonly coverage: Message<"EventCoverage"> }) {
  const { t, counted, format } = useSpeech();
  const { href } = useScope();
  const { declared, seen, unseen } = coverage;
  if (declared === 0) return <p className="soft">{t("prog.coverage.none")}</p>;
  const named = unseen.slice(0, MOST_UNSEEN);
  // Names are few, the numbers are whole.
  const more = declared - seen - named.length;
  return (
    <div className="stack-tight">
      <p>
        <strong className="programme-figure">{format.percent(seen / declared, 0)}</strong>{" "}
        <span className="soft">{t("prog.coverage.of", { seen: format.number(seen), declared: format.number(declared) })}</span>
      </p>
      {named.length > 0 && (
        <>
          <h3 className="small soft">{t("prog.coverage.unseen")}</h3>
          <ul className="row small">
            {named.map((name) => (
              <li key={name}>
                <Link className="mono" href={href(`/eventos/catalogo/${name}`)}>
                  {name}
                </Link>
              </li>
            ))}
            {more > 0 && (
              <li>
                <Link href={href("/eventos/catalogo")}>{counted("prog.coverage.more", more)}</Link>
              </li>
            )}
          </ul>
        </>
      )}
    </div>
  );
}

function LiveAge({ live }: { readonly live: Message<"LiveAge"> }) {
  const { t, format } = useSpeech();
  return (
    <div className="stack-tight">
      <p className="row">
        <strong className="programme-figure">
          {live.age === undefined ? NOTHING : preciseLength(secondsOf(live.age), format)}
        </strong>
        {live.catchingUp && (
          <Badge tone="warn" dot>
            {t("prog.live.catchingUp")}
          </Badge>
        )}
      </p>
      <p className="soft">{t("prog.live.how")}</p>
    </div>
  );
}
