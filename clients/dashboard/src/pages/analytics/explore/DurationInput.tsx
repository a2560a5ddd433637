import { useSpeech } from "../../../i18n/language";
import { amountOf, secondsOf, UNITS } from "./durations";

interface Props {
  /** For instance "604800s"; undefined: the usual one. */
  readonly duration: string | undefined;
  readonly onChange: (duration: string | undefined) => void;
}

/** A length of time: so many seconds, minutes, hours or days. */
export function DurationInput({ duration, onChange }: Props) {
  const { t } = useSpeech();
  const { amount, unit } = amountOf(duration);
  return (
    <span className="row duration-input">
      <input
        className="input"
        type="number"
        min={1}
        aria-label={t("explore.duration.amount")}
        placeholder={t("explore.usual")}
        value={amount ?? ""}
        onChange={(event) => onChange(secondsOf(event.target.value, unit))}
      />
      <select
        className="input"
        aria-label={t("explore.duration.unit")}
        value={unit}
        onChange={(event) => {
          const chosen = UNITS.find((each) => each === Number(event.target.value)) ?? unit;
          onChange(secondsOf(String(amount ?? 1), chosen));
        }}
      >
        {UNITS.map((each) => (
          <option key={each} value={each}>
            {t(`explore.duration.${each}`)}
          </option>
        ))}
      </select>
    </span>
  );
}
