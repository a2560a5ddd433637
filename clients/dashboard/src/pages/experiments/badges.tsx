import { Badge } from "../../components/Badge";
import { useSpeech } from "../../i18n/language";
import type { ExperimentState, Verdict } from "./types";

const TONES = {
  EXPERIMENT_STATE_UNSPECIFIED: "plain",
  EXPERIMENT_STATE_DRAFT: "plain",
  EXPERIMENT_STATE_RUNNING: "accent",
  EXPERIMENT_STATE_PAUSED: "warn",
  EXPERIMENT_STATE_STOPPED: "warn",
  EXPERIMENT_STATE_DECIDED: "good",
  EXPERIMENT_STATE_ARCHIVED: "plain",
} as const;

const VERDICT_TONES = {
  VERDICT_KIND_UNSPECIFIED: "plain",
  VERDICT_KIND_SHIP: "good",
  VERDICT_KIND_KILL: "bad",
  VERDICT_KIND_KEEP_RUNNING: "accent",
} as const;

/** The state of an experiment. */
export function ExperimentBadge({ state }: { readonly state: ExperimentState }) {
  const { t } = useSpeech();
  return (
    <Badge tone={TONES[state]} dot>
      {t(`exp.state.${state}`)}
    </Badge>
  );
}

/** A verdict in two words. */
export function VerdictBadge({ verdict }: { readonly verdict: Verdict }) {
  const { t } = useSpeech();
  const ship = verdict.kind === "VERDICT_KIND_SHIP" && verdict.winner !== "";
  return (
    <Badge tone={VERDICT_TONES[verdict.kind]}>
      {ship ? t("exp.verdict.ship", { variant: verdict.winner }) : t(`exp.verdict.${verdict.kind}`)}
    </Badge>
  );
}
