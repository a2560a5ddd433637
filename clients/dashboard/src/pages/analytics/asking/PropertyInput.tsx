import { useSpeech } from "../../../i18n/language";
import { useReportNames } from "./names";
import type { Property } from "./question";
import { ORIGINS } from "./reading";

interface Props {
  readonly label: string;
  /** Undefined: none is chosen. */
  readonly property: Property | undefined;
  readonly onChange: (property: Property | undefined) => void;
  readonly placeholder?: string;
}

/** A property: where it comes from, and its name. */
export function PropertyInput({ label, property, onChange, placeholder }: Props) {
  const { t } = useSpeech();
  const { lists } = useReportNames();
  const origin = property?.origin ?? ORIGINS[0];
  const list = { [ORIGINS[0]]: lists.properties, [ORIGINS[1]]: lists.context, [ORIGINS[2]]: undefined }[origin];
  return (
    <span className="property-input">
      <select
        className="input"
        aria-label={`${label}: ${t("explore.origin")}`}
        value={origin}
        onChange={(event) => {
          const chosen = ORIGINS.find((each) => each === event.target.value) ?? ORIGINS[0];
          onChange({ name: property?.name ?? "", origin: chosen });
        }}
      >
        {ORIGINS.map((each) => (
          <option key={each} value={each}>
            {t(`explore.origin.${each}`)}
          </option>
        ))}
      </select>
      <input
        className="input"
        type="text"
        aria-label={label}
        list={list}
        autoComplete="off"
        spellCheck={false}
        placeholder={placeholder ?? t("explore.property").toLowerCase()}
        value={property?.name ?? ""}
        onChange={(event) => {
          const name = event.target.value.trim();
          onChange(name === "" && origin === ORIGINS[0] ? undefined : { name, origin });
        }}
      />
    </span>
  );
}
