import { useSpeech } from "../../../i18n/language";
import { cellText, changeText, type Fact } from "./model";

interface Props {
  readonly facts: readonly Fact[];
  /** Of the period before, in the same order. */
  readonly before: readonly Fact[] | undefined;
}

/** The numbers that say a result on the whole, with what they were. */
export function Facts({ facts, before }: Props) {
  const speech = useSpeech();
  if (facts.length === 0) return null;
  return (
    <dl className="result-facts">
      {facts.map((fact, index) => {
        const was = before?.[index];
        const change = changeText(fact, was, speech);
        return (
          <div key={fact.label}>
            <dt>{fact.label}</dt>
            <dd data-value={fact.value}>{cellText(fact.value, fact.format, speech)}</dd>
            {was !== undefined && (
              <dd className="result-was">
                {change !== undefined && <strong>{change} </strong>}
                {speech.t("ana.card.previous", { value: cellText(was.value, was.format, speech) })}
              </dd>
            )}
          </div>
        );
      })}
    </dl>
  );
}
