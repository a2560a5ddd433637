import { useSpeech } from "../../../i18n/language";
import type { Comparison } from "../types";
import { intervalText, type NumberWriter } from "./numbers";
import { placeOf, plotted, scaleOf, type Scale } from "./scale";

const percent = (place: number) => `${place * 100}%`;

interface Props {
  readonly comparisons: readonly Comparison[];
  readonly control: string;
  /** The minimum effect, or the margin of a guardrail. */
  readonly mark: number | undefined;
  readonly markName: string;
  readonly write: NumberWriter["difference"];
}

/** The difference of each arm to the control with its always-valid interval, and the test at the planned size. */
export function IntervalPlot({ comparisons, control, mark, markName, write }: Props) {
  const { t } = useSpeech();
  const scale = scaleOf(plotted(comparisons, mark));
  const horizon = comparisons.some((each) => each.atHorizon !== undefined);
  return (
    <figure className="intervals">
      <figcaption className="small soft">{t("exp.plot", { control })}</figcaption>
      <ul>
        {comparisons.map((each) => (
          <Row key={each.variant} comparison={each} scale={scale} mark={mark} write={write} />
        ))}
      </ul>
      <div className="interval-row" aria-hidden="true">
        <span className="interval-name" />
        <span className="interval-axis">
          <span className="interval-zero-name" style={{ left: percent(placeOf(0, scale)) }}>
            0
          </span>
          {mark !== undefined && (
            <span className="interval-mark-name" style={{ left: percent(placeOf(mark, scale)) }}>
              {write(mark)}
            </span>
          )}
        </span>
      </div>
      <ul className="legend" aria-hidden="true">
        <li>
          <span className="interval-key interval-key-band" />
          {t("exp.plot.always")}
        </li>
        <li>
          <span className="interval-key interval-key-point" />
          {t("exp.plot.estimate")}
        </li>
        {horizon && (
          <li>
            <span className="interval-key interval-key-horizon" />
            {t("exp.plot.horizon")}
          </li>
        )}
        {mark !== undefined && (
          <li>
            <span className="interval-key interval-key-mark" />
            {markName}
          </li>
        )}
      </ul>
    </figure>
  );
}

interface RowProps {
  readonly comparison: Comparison;
  readonly scale: Scale;
  readonly mark: number | undefined;
  readonly write: NumberWriter["difference"];
}

function Row({ comparison, scale, mark, write }: RowProps) {
  const { t } = useSpeech();
  const { variant, difference, lower, upper, intervalEmpty, atHorizon } = comparison;
  const closed = lower !== undefined && upper !== undefined && !intervalEmpty;
  // An interval without an end goes to the edge.
  const from = placeOf(closed ? lower : scale.from, scale);
  const to = placeOf(closed ? upper : scale.to, scale);
  const told = intervalEmpty
    ? t("exp.interval.empty")
    : intervalText(lower, upper, write, t) || t("exp.interval.open");
  return (
    <li className="interval-row" data-variant={variant}>
      <span className="mono interval-name">{variant}</span>
      <span className="interval-lane" role="img" aria-label={`${variant}: ${write(difference)} (${told})`}>
        <span className="interval-zero" style={{ left: percent(placeOf(0, scale)) }} />
        {mark !== undefined && <span className="interval-mark" style={{ left: percent(placeOf(mark, scale)) }} />}
        {!intervalEmpty && difference !== undefined && (
          <span
            className={closed ? "interval-band" : "interval-band interval-open"}
            style={{ left: percent(from), width: percent(Math.max(0, to - from)) }}
          />
        )}
        {difference !== undefined && (
          <span className="interval-point" style={{ left: percent(placeOf(difference, scale)) }} />
        )}
        {atHorizon !== undefined && (
          <span className="interval-horizon" style={{ left: percent(placeOf(atHorizon.difference, scale)) }} />
        )}
      </span>
      <span className="interval-told small">
        <strong>{write(difference)}</strong> <span className="soft">{told}</span>
      </span>
    </li>
  );
}
