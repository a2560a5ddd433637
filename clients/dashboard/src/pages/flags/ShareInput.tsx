import { useState } from "react";
import { useSpeech } from "../../i18n/language";
import { percentOf, weightOf } from "./shares";

interface Props {
  readonly label: string;
  readonly weight: number;
  readonly onChange: (weight: number) => void;
}

/** A percentage, as people type it. What is no percentage changes nothing and is marked. */
export function ShareInput({ label, weight, onChange }: Props) {
  const { t, language } = useSpeech();
  const [typed, setTyped] = useState<string>();
  const written = language === "en" ? percentOf(weight) : percentOf(weight).replace(".", ",");
  const wrong = typed !== undefined && weightOf(typed) === undefined;
  return (
    <span className="share-input">
      <input
        className="input"
        inputMode="decimal"
        aria-label={label}
        aria-invalid={wrong}
        title={wrong ? t("flags.serve.badShare") : undefined}
        value={typed ?? written}
        onChange={(event) => {
          setTyped(event.target.value);
          const next = weightOf(event.target.value);
          if (next !== undefined) onChange(next);
        }}
        onBlur={() => setTyped(undefined)}
      />
      <span aria-hidden="true">%</span>
    </span>
  );
}
