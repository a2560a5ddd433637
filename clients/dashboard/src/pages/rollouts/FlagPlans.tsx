import { Link } from "wouter";
import { useCall } from "../../api/hooks";
import { Card } from "../../components/Card";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { ExperimentBadge } from "../experiments/badges";
import { RolloutBadge } from "./badges";
import { SERVICE } from "./types";

const SHOWN = 3;
const POLL_MS = 15_000;

interface Props {
  readonly flagKey: string;
  /** Whether plans and experiments may be made. */
  readonly editor: boolean;
}

/** The newest plans and the experiments of a flag, on its page. */
export default function FlagPlans({ flagKey, editor }: Props) {
  const { t } = useSpeech();
  const { environment, href } = useScope();
  const asked = { environment, flagKey, pageSize: SHOWN };
  const rollouts = useCall(`${SERVICE}/ListRollouts`, asked, POLL_MS).data?.rollouts ?? [];
  const experiments =
    useCall("mirante.api.metrics.v1.ExperimentService/ListExperiments", asked, POLL_MS).data?.records ?? [];
  const to = (path: string, name: string) => `${href(path)}&${name}=${encodeURIComponent(flagKey)}`;
  return (
    <Card className="span-12" title={t("roll.onFlag")}>
      <div className="stack-tight">
        {rollouts.length + experiments.length === 0 && <p className="soft">{t("roll.onFlag.none")}</p>}
        <ul className="stack-tight">
          {rollouts.map((record) => (
            <li key={record.id} className="row">
              <Link href={href(`/rollouts/plano/${record.id}`)}>
                {t("roll.onFlag.rollout")}: {t("roll.variantOf", { variant: record.plan?.variant ?? "" })}
              </Link>
              <RolloutBadge state={record.state} />
              <span className="soft small">
                {t("roll.stageOf", { stage: record.stage, all: record.plan?.stages.length ?? 0 })}
              </span>
            </li>
          ))}
          {experiments.map((record) => (
            <li key={record.experiment?.key} className="row">
              <Link href={href(`/experimentos/experimento/${record.experiment?.key ?? ""}`)}>
                {t("roll.onFlag.experiment")}: {record.experiment?.key}
              </Link>
              <ExperimentBadge state={record.state} />
            </li>
          ))}
        </ul>
        {editor && (
          <div className="row">
            <Link className="button" href={to("/rollouts", "novo")}>
              {t("roll.new")}
            </Link>
            <Link className="button" href={to("/experimentos/novo", "flag")}>
              {t("roll.onFlag.newExperiment")}
            </Link>
          </div>
        )}
      </div>
    </Card>
  );
}
