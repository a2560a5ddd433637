import { useId } from "react";

interface Props {
  readonly label: string;
  readonly value: string;
  readonly known: readonly string[];
  readonly placeholder?: string;
  readonly onChange: (value: string) => void;
}

/** The name of an attribute; those that are known are offered. */
export function AttributeInput({ label, value, known, placeholder, onChange }: Props) {
  const id = useId();
  return (
    <>
      <input
        className="input mono"
        aria-label={label}
        placeholder={placeholder ?? label}
        list={id}
        value={value}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
      />
      <datalist id={id}>
        {known.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
    </>
  );
}
