import { EmptyState } from "../../components/states";
import { useSpeech } from "../../i18n/language";
import { type StageCounts, STAGES } from "./lives";

/** How many flags are at each stage: a bar, and the same numbers in words below. */
export function StageBar({ stages }: { readonly stages: StageCounts }) {
  const { t, format } = useSpeech();
  const all = STAGES.reduce((sum, stage) => sum + stages[stage], 0);
  if (all === 0) return <EmptyState icon="flags" title={t("prog.stages.none")} />;
  return (
    <div className="stack-tight">
      <div className="stage-bar" aria-hidden="true">
        {STAGES.filter((stage) => stages[stage] > 0).map((stage) => (
          <span key={stage} className={`stage-part stage-${stage}`} style={{ flexGrow: stages[stage] }} />
        ))}
      </div>
      <ul className="stage-counts">
        {STAGES.map((stage) => (
          <li key={stage}>
            <span className={`stage-mark stage-${stage}`} aria-hidden="true" />
            <span className="grow">{t(`prog.stage.${stage}`)}</span>
            <strong>{format.number(stages[stage])}</strong>
            <span className="soft stage-share">{format.percent(stages[stage] / all, 0)}</span>
          </li>
        ))}
      </ul>
      <p className="small soft">{t("prog.stages.how")}</p>
    </div>
  );
}
