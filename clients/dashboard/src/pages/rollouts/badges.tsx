import { Badge } from "../../components/Badge";
import { useSpeech } from "../../i18n/language";
import type { Reading, RolloutState } from "./types";

const TONES = {
  ROLLOUT_STATE_UNSPECIFIED: "plain",
  ROLLOUT_STATE_DRAFT: "plain",
  ROLLOUT_STATE_RUNNING: "accent",
  ROLLOUT_STATE_WAITING_FOR_APPROVAL: "warn",
  ROLLOUT_STATE_HELD: "warn",
  ROLLOUT_STATE_PAUSED: "warn",
  ROLLOUT_STATE_BREACHED: "bad",
  ROLLOUT_STATE_ROLLED_BACK: "plain",
  ROLLOUT_STATE_COMPLETED: "good",
} as const;

const GUARD_TONES = {
  GUARD_STATE_UNSPECIFIED: "plain",
  GUARD_STATE_GATHERING: "plain",
  GUARD_STATE_CLEAR: "good",
  GUARD_STATE_BREACHED: "bad",
  GUARD_STATE_NOT_JUDGED: "plain",
} as const;

/** The state of a plan. */
export function RolloutBadge({ state }: { readonly state: RolloutState }) {
  const { t } = useSpeech();
  return (
    <Badge tone={TONES[state]} dot>
      {t(`roll.state.${state}`)}
    </Badge>
  );
}

/** What a guard says. */
export function GuardBadge({ state }: { readonly state: Reading["state"] }) {
  const { t } = useSpeech();
  return (
    <Badge tone={GUARD_TONES[state]} dot>
      {t(`roll.guard.${state}`)}
    </Badge>
  );
}

/** How far a guard is from its limit: a bar that is full where there is no sign of harm, and empty at the limit. */
export function Distance({ label, distance }: { readonly label: string; readonly distance: number }) {
  const { format } = useSpeech();
  const share = Math.min(1, Math.max(0, distance));
  return (
    <span className="distance">
      <meter aria-label={label} min={0} max={1} low={0.25} high={0.5} optimum={1} value={share} />
      <span className="small">{format.percent(share, 0)}</span>
    </span>
  );
}
