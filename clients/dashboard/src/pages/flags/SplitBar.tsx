import { useSpeech } from "../../i18n/language";
import { colourOf } from "./Sentence";
import { WHOLE } from "./shares";
import type { Rollout } from "./types";

interface Props {
  readonly rollout: Rollout;
  /** The variants that have a colour each. */
  readonly names: readonly string[];
}

/** A rollout as a bar: the shares of those who take part, and who does not. A picture of what stands in words beside it. */
export function SplitBar({ rollout, names }: Props) {
  const { format } = useSpeech();
  const covered = rollout.coverage ?? WHOLE;
  const parts = rollout.splits.map((split) => ({ name: split.variant, share: (split.weight * covered) / WHOLE }));
  return (
    <div className="split-bar" aria-hidden="true">
      {parts.map(({ name, share }) => (
        <span
          key={name}
          className={`split ${colourOf(name, names)}`}
          style={{ flexGrow: share }}
          title={`${name} ${format.percent(share / WHOLE, 3)}`}
        />
      ))}
      {covered < WHOLE && <span className="split split-rest" style={{ flexGrow: WHOLE - covered }} />}
    </div>
  );
}
