import type { Flag } from "./types";

interface Props {
  readonly label: string;
  readonly flag: Flag;
  readonly chosen: string;
  readonly onChoose: (name: string) => void;
}

/** One of the flag's variants. */
export function VariantSelect({ label, flag, chosen, onChoose }: Props) {
  const known = flag.variants.some((variant) => variant.name === chosen);
  return (
    <select
      className="input mono"
      aria-label={label}
      aria-invalid={!known}
      value={chosen}
      onChange={(event) => onChoose(event.target.value)}
    >
      {!known && <option value={chosen}>{chosen}</option>}
      {flag.variants.map((variant) => (
        <option key={variant.name}>{variant.name}</option>
      ))}
    </select>
  );
}
