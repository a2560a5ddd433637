import type { Message } from "../../api/methods";
import { NOTHING } from "../../i18n/format";
import { useSpeech } from "../../i18n/language";

interface Props {
  readonly trend: Message<"Trend"> | undefined;
  /** Against when. */
  readonly than: string;
  /** Writes what the metric was then. */
  readonly write: (value: string) => string;
  /** The same where there is little room; without it, as `write`. */
  readonly short?: (value: string) => string;
  /** More is worse. */
  readonly moreIsBad?: boolean;
  /** Only the arrow and the change; the rest is read out. */
  readonly brief?: boolean;
}

/** How a number compares with an earlier one: an arrow, the change and what it was. */
export function Trend({ trend, than, write, short = write, moreIsBad = false, brief = false }: Props) {
  const { t, format } = useSpeech();
  const then = trend?.value ?? "";
  const change = trend?.change ?? "";
  const direction = change === "" ? 0 : Math.sign(Math.round(Number(change) * 1000));
  const good = moreIsBad ? -direction : direction;
  const tone = good > 0 ? "good" : good < 0 ? "bad" : "same";
  const words =
    then === ""
      ? t("live.trend.unknown")
      : direction === 0
        ? t("live.trend.was", { then: write(then) })
        : t(direction > 0 ? "live.trend.up" : "live.trend.down", {
            change: format.percent(Math.abs(Number(change))),
            then: write(then),
          });
  return (
    <p className="trend">
      <span className={`trend-change trend-${tone}`} aria-hidden="true">
        {direction > 0 ? "▲" : direction < 0 ? "▼" : ""} {change === "" ? NOTHING : format.change(change)}
      </span>
      <span className="trend-than">
        {than}
        {!brief && <span className="trend-then" aria-hidden="true">{then === "" ? "" : ` · ${short(then)}`}</span>}
        <span className="visually-hidden">: {words}</span>
      </span>
    </p>
  );
}
