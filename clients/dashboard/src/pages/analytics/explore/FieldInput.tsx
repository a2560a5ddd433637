import { useId } from "react";
import type { ApiProblem } from "../../../api/problem";
import { Chips } from "../../../components/Chips";
import { Field } from "../../../components/Field";
import { Button } from "../../../components/Button";
import { useSpeech } from "../../../i18n/language";
import type { MessageKey, PlainKey } from "../../../i18n/messages";
import { useReportNames } from "../asking/names";
import { PropertyInput } from "../asking/PropertyInput";
import type { Breakdown, Exclusion, Property, Selection } from "../asking/question";
import type { FieldShape } from "../asking/shape";
import { DurationInput } from "./DurationInput";
import { ExclusionsInput } from "./ExclusionsInput";
import { SelectionInput } from "./SelectionInput";
import { StepsInput } from "./StepsInput";

interface Props {
  readonly field: FieldShape;
  /** As `reportOf` reads it: of the kind of the field. */
  readonly value: unknown;
  /** How many steps the funnel has, for what stands between them. */
  readonly steps: number;
  readonly onChange: (value: unknown) => void;
  readonly problem: ApiProblem | undefined;
  /** As the gateway names the field in a problem. */
  readonly name: string;
}

/** The control of one field of a question. */
export function FieldInput(props: Props) {
  const { field, value, onChange, problem, name } = props;
  const { t } = useSpeech();
  const label = t(field.label);
  const id = useId();
  if (field.kind === "flag") {
    return (
      <label className="check">
        <input type="checkbox" checked={value === true} onChange={(event) => onChange(event.target.checked)} />
        {label}
      </label>
    );
  }
  if (field.kind === "choice" || field.kind === "number") {
    return (
      <Field label={label} problem={problem} name={name}>
        {(control) =>
          field.kind === "choice" ? (
            <select {...control} value={typeof value === "string" ? value : field.options[0]} onChange={(event) => onChange(event.target.value)}>
              {field.options.map((each) => (
                <option key={each} value={each}>
                  {t(choiceKey(each))}
                </option>
              ))}
            </select>
          ) : (
            <input
              {...control}
              type="number"
              min={0}
              max={field.most}
              placeholder={t("explore.usual")}
              value={typeof value === "number" && value > 0 ? value : ""}
              onChange={(event) => onChange(event.target.value === "" ? undefined : Math.trunc(Number(event.target.value)))}
            />
          )
        }
      </Field>
    );
  }
  const wrong = problem?.violations.find((each) => each.field === name || each.field.startsWith(`${name}.`) || each.field.startsWith(`${name}[`));
  return (
    <div className="field" role="group" aria-labelledby={id}>
      <span className="field-name" id={id}>
        {label}
      </span>
      <Control {...props} />
      {field.hint !== undefined && <span className="field-hint">{t(field.hint)}</span>}
      {wrong !== undefined && (
        <span className="field-error" role="alert">
          <code>{wrong.field}</code> {wrong.detail}
        </span>
      )}
    </div>
  );
}

const WITHOUT = { any: "explore.anyEvent", usual: "explore.usual", nothing: "explore.event" } as const;

/** The texts of choices are keys of the same name; shapes list only those that there are. */
function choiceKey(option: string): PlainKey {
  return `explore.choice.${option}` as MessageKey as PlainKey;
}

function Control({ field, value, steps, onChange }: Props) {
  const { t } = useSpeech();
  const { events } = useReportNames();
  const label = t(field.label);
  switch (field.kind) {
    case "steps":
      return <StepsInput steps={(value ?? []) as Selection[]} onChange={onChange} />;
    case "selection":
      return (
        <SelectionInput
          label={label}
          selection={(value ?? {})}
          onChange={onChange}
          placeholder={WITHOUT[field.without]}
        />
      );
    case "exclusions":
      return <ExclusionsInput exclusions={(value ?? []) as Exclusion[]} steps={steps} onChange={onChange} />;
    case "duration":
      return <DurationInput duration={value as string | undefined} onChange={onChange} />;
    case "events":
      return (
        <Chips
          label={label}
          values={(value ?? []) as string[]}
          suggestions={events.map((each) => each.name)}
          onChange={onChange}
        />
      );
    case "property":
      return (
        <PropertyInput
          label={label}
          property={value as Property | undefined}
          onChange={onChange}
          placeholder={t("explore.usual")}
        />
      );
    case "breakdown":
      return (
        <PropertyInput
          label={label}
          property={(value as Breakdown | undefined)?.property}
          onChange={(property) => onChange(property === undefined ? undefined : { property })}
          placeholder={t("explore.noBreakdown")}
        />
      );
    case "properties":
      return <PropertiesInput label={label} properties={(value ?? []) as Property[]} onChange={onChange} />;
    default:
      return null;
  }
}

interface PropertiesProps {
  readonly label: string;
  readonly properties: readonly Property[];
  readonly onChange: (properties: Property[]) => void;
}

function PropertiesInput({ label, properties, onChange }: PropertiesProps) {
  const { t } = useSpeech();
  return (
    <div className="stack-tight">
      {properties.map((each, index) => (
        <div key={index} className="row">
          <PropertyInput
            label={`${label} ${index + 1}`}
            property={each}
            onChange={(property) => onChange(properties.map((other, at) => (at === index ? (property ?? { name: "" }) : other)))}
          />
          <Button
            look="quiet"
            icon="close"
            aria-label={t("explore.removeProperty")}
            disabled={properties.length <= 1}
            onClick={() => onChange(properties.filter((_, at) => at !== index))}
          />
        </div>
      ))}
      <div>
        <Button look="quiet" icon="plus" disabled={properties.length >= 3} onClick={() => onChange([...properties, { name: "" }])}>
          {t("explore.addProperty")}
        </Button>
      </div>
    </div>
  );
}
