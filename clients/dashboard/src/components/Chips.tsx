import { type KeyboardEvent, useId, useState } from "react";
import { useSpeech } from "../i18n/language";
import { Icon } from "./icons";

interface Props {
  readonly label: string;
  readonly values: readonly string[];
  readonly onChange: (values: string[]) => void;
  /** Offered while one is typed. */
  readonly suggestions?: readonly string[];
  readonly invalid?: boolean;
  readonly placeholder?: string;
}

/** A list of short texts. Enter, a comma or leaving the field adds one, Backspace in an empty field takes the last away. */
export function Chips({ label, values, onChange, suggestions = [], invalid = false, placeholder }: Props) {
  const { t } = useSpeech();
  const [typed, setTyped] = useState("");
  const id = useId();
  const add = (text: string) => {
    const fresh = text.split(/[\n,]/).map((each) => each.trim()).filter((each) => each !== "" && !values.includes(each));
    setTyped("");
    if (fresh.length > 0) onChange([...values, ...new Set(fresh)]);
  };
  const keys = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "Enter" || event.key === ",") {
      if (typed.trim() === "" && event.key === "Enter") return;
      event.preventDefault();
      add(typed);
    } else if (event.key === "Backspace" && typed === "" && values.length > 0) {
      onChange(values.slice(0, -1));
    }
  };
  return (
    <div className="chips input" data-invalid={invalid}>
      {values.map((value) => (
        <span key={value} className="chip">
          {value}
          <button
            type="button"
            aria-label={t("chips.remove", { value })}
            onClick={() => onChange(values.filter((each) => each !== value))}
          >
            <Icon name="close" />
          </button>
        </span>
      ))}
      <input
        type="text"
        aria-label={label}
        aria-invalid={invalid}
        list={suggestions.length > 0 ? id : undefined}
        placeholder={values.length === 0 ? (placeholder ?? t("chips.add")) : ""}
        value={typed}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={keys}
        onPaste={(event) => {
          const text = event.clipboardData.getData("text");
          if (!/[\n,]/.test(text)) return;
          event.preventDefault();
          add(typed + text);
        }}
        onBlur={() => add(typed)}
      />
      {suggestions.length > 0 && (
        <datalist id={id}>
          {suggestions.filter((each) => !values.includes(each)).map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      )}
    </div>
  );
}
