import { useState } from "react";
import type { ControlProps } from "../../../components/Field";
import { useSpeech } from "../../../i18n/language";
import { numberOf } from "./numberOf";

interface Props {
  readonly control: ControlProps;
  readonly value: number | undefined;
  readonly placeholder?: string;
  readonly onChange: (value: number | undefined) => void;
}

/** A number, with comma or point. What is typed stays as it is typed; nothing is undefined, and what is no number is marked. */
export function NumberInput({ control, value, placeholder, onChange }: Props) {
  const { language } = useSpeech();
  const [typed, setTyped] = useState<string>();
  const written = value === undefined ? "" : String(value);
  const wrong = typed !== undefined && Number.isNaN(numberOf(typed));
  return (
    <input
      {...control}
      inputMode="decimal"
      autoComplete="off"
      aria-invalid={wrong || control["aria-invalid"]}
      placeholder={placeholder}
      value={typed ?? (language === "en" ? written : written.replace(".", ","))}
      onChange={(event) => {
        setTyped(event.target.value);
        const read = numberOf(event.target.value);
        if (!Number.isNaN(read)) onChange(read);
      }}
      onBlur={() => setTyped(undefined)}
    />
  );
}
