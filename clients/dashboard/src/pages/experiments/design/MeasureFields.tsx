import type { Message } from "../../../api/methods";
import type { ApiProblem } from "../../../api/problem";
import { Button } from "../../../components/Button";
import { Chips } from "../../../components/Chips";
import { Field } from "../../../components/Field";
import { useSpeech } from "../../../i18n/language";
import { AttributeInput } from "../../flags/AttributeInput";
import { replaced, without } from "../../flags/lists";
import type { EventMeasure } from "../types";
import type { Part } from "./draft";

const NUMBERS: readonly string[] = ["PROPERTY_TYPE_INTEGER", "PROPERTY_TYPE_NUMBER", "PROPERTY_TYPE_DECIMAL"];
const LABELS = {
  proportion: "dsg.metric.event",
  mean: "dsg.metric.event",
  numerator: "dsg.metric.numerator",
  denominator: "dsg.metric.denominator",
  sales: "dsg.metric.sales",
  cancellations: "dsg.metric.cancellations",
} as const;

interface Props {
  readonly part: Part;
  readonly measure: EventMeasure;
  /** As violations name it. */
  readonly field: string;
  readonly events: readonly Message<"EventDefinition">[];
  readonly problem: ApiProblem | undefined;
  readonly onChange: (measure: EventMeasure) => void;
}

/** Events of the catalogue, what is summed up of them, and which of them count. */
export function MeasureFields({ part, measure, field, events, problem, onChange }: Props) {
  const { t } = useSpeech();
  const known = events.find((each) => each.name === measure.event);
  const numbers = (known?.properties ?? []).filter((each) => NUMBERS.includes(each.type)).map((each) => each.name);
  const properties = (known?.properties ?? []).map((each) => each.name);
  const wrong = problem?.violations.filter((each) => each.field.startsWith(`${field}.conditions`)) ?? [];
  return (
    <div className="stack-tight">
      <div className="rollout-more">
        <Field label={t(LABELS[part])} problem={problem} name={`${field}.event`}>
          {(control) => (
            <>
              <input
                {...control}
                className="input mono"
                list={`${control.id}-events`}
                value={measure.event}
                autoComplete="off"
                spellCheck={false}
                onChange={(event) => onChange({ ...measure, event: event.target.value })}
              />
              <datalist id={`${control.id}-events`}>
                {events.map((each) => (
                  <option key={each.name} value={each.name}>
                    {each.description}
                  </option>
                ))}
              </datalist>
            </>
          )}
        </Field>
        {part !== "proportion" && (
          <Field
            label={t("dsg.metric.property")}
            hint={part === "mean" || part === "numerator" || part === "denominator" ? t("dsg.metric.propertyHint") : undefined}
            problem={problem}
            name={`${field}.property`}
          >
            {() => (
              <AttributeInput
                label={`${t("dsg.metric.property")}: ${t(LABELS[part])}`}
                value={measure.property}
                known={numbers}
                onChange={(property) => onChange({ ...measure, property })}
              />
            )}
          </Field>
        )}
      </div>
      {measure.conditions.map((condition, index) => {
        const number = index + 1;
        const change = (next: Partial<typeof condition>) =>
          onChange({ ...measure, conditions: replaced(measure.conditions, index, { ...condition, ...next }) });
        return (
          <div key={index} className="plan-row" role="group" aria-label={t("dsg.metric.condition", { number })}>
            <AttributeInput
              label={t("dsg.metric.conditionProperty", { number })}
              value={condition.property}
              known={properties}
              onChange={(property) => change({ property })}
            />
            <Chips
              label={t("dsg.metric.conditionValues", { number })}
              values={condition.values}
              onChange={(values) => change({ values })}
            />
            <Button
              look="quiet"
              icon="close"
              aria-label={t("dsg.metric.removeCondition", { number })}
              onClick={() => onChange({ ...measure, conditions: without(measure.conditions, index) })}
            />
          </div>
        );
      })}
      {wrong.length > 0 && (
        <span className="field-error" role="alert">
          {wrong.map((each) => each.detail).join("; ")}
        </span>
      )}
      {measure.event !== "" && (
        <div>
          <Button
            look="quiet"
            icon="plus"
            onClick={() =>
              onChange({ ...measure, conditions: [...measure.conditions, { property: "", values: [] }] })
            }
          >
            {t("dsg.metric.addCondition")}
          </Button>
        </div>
      )}
    </div>
  );
}
