import { useSpeech } from "../../../i18n/language";
import { cellText, changeText, type Fact } from "./model";

interface Props {
  readonly facts: readonly Fact[];
  /** Of the period before. */
  readonly before: readonly Fact[] | undefined;
}

/** The numbers that say a result on the whole, with what they were. */
export function Facts({ facts, before }: Props) {
  const speech = useSpeech();
  if (facts.length === 0) return null;
  return (
    <dl className="result-facts">
      {facts.map((fact) => {
        const was = before?.find((each) => each.label === fact.label && each.currency === fact.currency);
        const change = changeText(fact, was, speech);
        const written = ({ value, format, currency }: Fact) => cellText(value, format, speech, currency);
        return (
          <div key={`${fact.label} ${fact.currency ?? ""}`}>
            <dt>{fact.label}</dt>
            <dd data-value={fact.value}>{written(fact)}</dd>
            {was !== undefined && (
              <dd className="result-was">
                {change !== undefined && <strong>{change} </strong>}
                {speech.t("ana.card.previous", { value: written(was) })}
              </dd>
            )}
          </div>
        );
      })}
    </dl>
  );
}
