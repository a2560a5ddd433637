import { Badge } from "../../components/Badge";
import { useSpeech } from "../../i18n/language";
import type { State } from "./state";

const TONES = {
  on: "good",
  off: "plain",
  killed: "bad",
  scheduled: "accent",
  ended: "warn",
  archived: "plain",
} as const;

/** The state of a flag. */
export function StateBadge({ state }: { readonly state: State }) {
  const { t } = useSpeech();
  return (
    <Badge tone={TONES[state]} dot>
      {t(`flags.state.${state}`)}
    </Badge>
  );
}
