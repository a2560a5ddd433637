import { Button } from "../../components/Button";
import { useSpeech } from "../../i18n/language";
import { EVERYTHING, STATES, type Wanted } from "./state";
import type { Flag, FlagRecord } from "./types";

const TYPES = ["FLAG_TYPE_BOOL", "FLAG_TYPE_STRING", "FLAG_TYPE_INTEGER", "FLAG_TYPE_DOUBLE", "FLAG_TYPE_JSON"] as const;

interface Props {
  readonly records: readonly FlagRecord[];
  readonly wanted: Wanted;
  readonly onChange: (wanted: Wanted) => void;
}

/** Which flags are looked for. */
export function Filters({ records, wanted, onChange }: Props) {
  const { t } = useSpeech();
  const all = (of: (flag: Flag) => readonly string[]) =>
    [...new Set(records.flatMap((record) => (record.flag === undefined ? [] : of(record.flag))))].filter(Boolean).sort();
  const chosen = (["state", "type", "tag", "owner"] as const).some((name) => wanted[name] !== "");
  return (
    <div className="filters" role="search">
      <input
        className="input"
        type="search"
        aria-label={t("flags.search")}
        placeholder={t("flags.search")}
        value={wanted.search}
        onChange={(event) => onChange({ ...wanted, search: event.target.value })}
      />
      <Choice
        label={t("flags.filter.state")}
        value={wanted.state}
        options={[...STATES].reverse().map((key) => ({ key, label: t(`flags.state.${key}`) }))}
        onChoose={(state) => onChange({ ...wanted, state })}
      />
      <Choice
        label={t("flags.filter.type")}
        value={wanted.type}
        options={TYPES.map((key) => ({ key, label: t(`flags.type.${key}`) }))}
        onChoose={(type) => onChange({ ...wanted, type })}
      />
      <Choice
        label={t("flags.filter.tag")}
        value={wanted.tag}
        options={all((flag) => flag.tags).map((key) => ({ key, label: key }))}
        onChoose={(tag) => onChange({ ...wanted, tag })}
      />
      <Choice
        label={t("flags.filter.owner")}
        value={wanted.owner}
        options={all((flag) => [flag.owner]).map((key) => ({ key, label: key }))}
        onChoose={(owner) => onChange({ ...wanted, owner })}
      />
      {chosen && (
        <Button look="quiet" icon="close" onClick={() => onChange({ ...EVERYTHING, search: wanted.search })}>
          {t("flags.filter.clear")}
        </Button>
      )}
    </div>
  );
}

interface ChoiceProps<Key extends string> {
  readonly label: string;
  readonly value: Key | "";
  readonly options: readonly { readonly key: Key; readonly label: string }[];
  readonly onChoose: (key: Key | "") => void;
}

/** One of some, or all: the first option, which carries the label. */
function Choice<Key extends string>({ label, value, options, onChoose }: ChoiceProps<Key>) {
  const missing = value !== "" && !options.some((option) => option.key === value);
  return (
    <select
      className="input"
      aria-label={label}
      data-chosen={value !== ""}
      value={value}
      onChange={(event) => onChoose(options.find((option) => option.key === event.target.value)?.key ?? "")}
    >
      <option value="">{label}</option>
      {missing && <option value={value}>{value}</option>}
      {options.map((option) => (
        <option key={option.key} value={option.key}>
          {option.label}
        </option>
      ))}
    </select>
  );
}
