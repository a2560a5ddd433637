import { useState } from "react";
import { useCall } from "../../api/hooks";
import { Button } from "../../components/Button";
import { Card } from "../../components/Card";
import { useNow } from "../../components/now";
import { Segmented } from "../../components/Segmented";
import { ErrorState, SkeletonLines } from "../../components/states";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { HealthCards } from "./HealthCards";
import { LivesCard } from "./LivesCard";
import "../flags/flags.css";
import "./programme.css";

const SERVICE = "mirante.api.metrics.v1.ProgrammeService";
const PERIODS = ["30", "90", "365"] as const;

/** How the programme of flags and experiments does, and where each flag is in its life. */
export default function ProgrammePage() {
  const { t, format } = useSpeech();
  const { environment } = useScope();
  const [period, setPeriod] = useState<(typeof PERIODS)[number]>("90");
  const now = useNow(30_000);
  const request = { environment, days: Number(period) };
  const health = useCall(`${SERVICE}/GetProgrammeHealth`, request);
  const lives = useCall(`${SERVICE}/ListFlagLifecycles`, request);
  const known = health.data?.health;
  const reload = () => {
    health.reload();
    lives.reload();
  };
  return (
    <>
      <div className="page-head">
        <h1>{t("prog.title")}</h1>
        <div className="page-actions">
          <Segmented
            label={t("prog.period")}
            options={PERIODS.map((key) => ({ key, label: t(`prog.period.${key}`) }))}
            chosen={period}
            onChoose={setPeriod}
          />
          <Button icon="refresh" aria-label={t("prog.refresh")} onClick={reload} disabled={health.loading} />
        </div>
        <p className="page-note">
          {t("prog.lead")}{" "}
          {known?.asOf !== undefined && t("prog.asOf", { when: format.dateTime(new Date(known.asOf), now) })}
        </p>
      </div>
      {health.problem !== undefined && known === undefined ? (
        <Card>
          <ErrorState problem={health.problem} retry={health.reload} />
        </Card>
      ) : known === undefined ? (
        <Card>
          <SkeletonLines lines={6} />
        </Card>
      ) : (
        <HealthCards health={known} />
      )}
      <LivesCard answer={lives.data} problem={lives.problem} retry={lives.reload} />
    </>
  );
}
