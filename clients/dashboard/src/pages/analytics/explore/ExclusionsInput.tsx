import { Button } from "../../../components/Button";
import { useSpeech } from "../../../i18n/language";
import type { Exclusion } from "../asking/question";
import { SelectionInput } from "./SelectionInput";

interface Props {
  readonly exclusions: readonly Exclusion[];
  /** How many steps there are to be between. */
  readonly steps: number;
  readonly onChange: (exclusions: Exclusion[]) => void;
}

/** Events that end chains, and between which steps they do. */
export function ExclusionsInput({ exclusions, steps, onChange }: Props) {
  const { t } = useSpeech();
  const change = (index: number, part: Exclusion) =>
    onChange(exclusions.map((each, at) => (at === index ? { ...each, ...part } : each)));
  const step = (index: number, name: "after" | "before", label: string) => (
    <label className="row small">
      {label}
      <select
        className="input"
        value={exclusions[index]?.[name] ?? 1}
        onChange={(event) => change(index, { [name]: Number(event.target.value) })}
      >
        {Array.from({ length: Math.max(2, steps) }, (_, at) => (
          <option key={at}>{at + 1}</option>
        ))}
      </select>
    </label>
  );
  return (
    <div className="stack-tight">
      {exclusions.map((each, index) => (
        <div key={index} className="stack-tight">
          <SelectionInput
            label={t("explore.event")}
            selection={each.event ?? {}}
            onChange={(event) => change(index, { event })}
          />
          <div className="row">
            {step(index, "after", t("explore.exclusionAfter"))}
            {step(index, "before", t("explore.exclusionBefore"))}
            <Button
              look="quiet"
              icon="close"
              aria-label={t("explore.removeExclusion")}
              onClick={() => onChange(exclusions.filter((_, at) => at !== index))}
            />
          </div>
        </div>
      ))}
      <div>
        <Button
          look="quiet"
          icon="plus"
          disabled={exclusions.length >= 8}
          onClick={() => onChange([...exclusions, { event: { event: "" }, after: 1, before: Math.max(2, steps) }])}
        >
          {t("explore.addExclusion")}
        </Button>
      </div>
    </div>
  );
}
