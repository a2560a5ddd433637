import { Button } from "../../../components/Button";
import { useSpeech } from "../../../i18n/language";
import type { Selection } from "../asking/question";
import { SelectionInput } from "./SelectionInput";

const MOST = 32;

interface Props {
  readonly steps: readonly Selection[];
  readonly onChange: (steps: Selection[]) => void;
}

/** The steps of a funnel, in their order. */
export function StepsInput({ steps, onChange }: Props) {
  const { t } = useSpeech();
  const move = (from: number, to: number) => {
    const next = [...steps];
    const [moved] = next.splice(from, 1);
    if (moved !== undefined) next.splice(to, 0, moved);
    onChange(next);
  };
  return (
    <div className="stack-tight">
      <ol className="steps-input">
        {steps.map((each, index) => {
          const step = index + 1;
          return (
            // Steps have no name of their own: two may be alike.
            <li key={index}>
              <span className="step-number" aria-hidden="true">
                {step}
              </span>
              <SelectionInput
                label={t("explore.step", { step })}
                selection={each}
                onChange={(selection) => onChange(steps.map((other, at) => (at === index ? selection : other)))}
              />
              <span className="step-buttons">
                <Button
                  look="quiet"
                  icon="up"
                  aria-label={t("explore.moveUp", { step })}
                  disabled={index === 0}
                  onClick={() => move(index, index - 1)}
                />
                <Button
                  look="quiet"
                  icon="down"
                  aria-label={t("explore.moveDown", { step })}
                  disabled={index === steps.length - 1}
                  onClick={() => move(index, index + 1)}
                />
                <Button
                  look="quiet"
                  icon="close"
                  aria-label={t("explore.removeStep", { step })}
                  disabled={steps.length <= 2}
                  onClick={() => onChange(steps.filter((_, at) => at !== index))}
                />
              </span>
            </li>
          );
        })}
      </ol>
      <div>
        <Button icon="plus" disabled={steps.length >= MOST} onClick={() => onChange([...steps, { event: "" }])}>
          {t("explore.addStep")}
        </Button>
      </div>
    </div>
  );
}
