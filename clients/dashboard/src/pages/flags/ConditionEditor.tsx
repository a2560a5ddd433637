import { useState } from "react";
import { valueOfWord, wordOf } from "../../api/values";
import { Button } from "../../components/Button";
import { Chips } from "../../components/Chips";
import { useSpeech } from "../../i18n/language";
import { AttributeInput } from "./AttributeInput";
import { GROUPS, isTyped, knowsCase, type Operator, takesOne } from "./operators";
import type { Condition } from "./types";
import type { Vocabulary } from "./vocabulary";

interface Props {
  readonly number: number;
  readonly condition: Condition;
  readonly vocabulary: Vocabulary;
  readonly onChange: (condition: Condition) => void;
  readonly onRemove: () => void;
}

/** One comparison as a form. */
export function ConditionEditor({ number, condition, vocabulary, onChange, onRemove }: Props) {
  const { t } = useSpeech();
  const { operator } = condition;
  const segment = operator === "OPERATOR_IN_SEGMENT";
  return (
    <div className={segment ? "condition condition-segment" : "condition"} role="group" aria-label={`${t("flags.rule.conditions")} ${number}`}>
      {!segment && (
        <AttributeInput
          label={t("flags.condition.attribute")}
          known={vocabulary.attributes}
          value={condition.attribute}
          onChange={(attribute) => onChange({ ...condition, attribute })}
        />
      )}
      <OperatorSelect condition={condition} onChange={onChange} />
      {operator !== "OPERATOR_EXISTS" && (
        <Values condition={condition} suggestions={segment ? vocabulary.segments : []} onChange={onChange} />
      )}
      <Button look="quiet" icon="close" aria-label={t("flags.condition.remove", { number })} onClick={onRemove} />
      {knowsCase(operator) && (
        <label className="check small condition-case">
          <input
            type="checkbox"
            checked={condition.ignoreCase}
            onChange={(event) => onChange({ ...condition, ignoreCase: event.target.checked })}
          />
          {t("flags.condition.ignoreCase")}
          {isTyped(operator) && <span className="faint condition-quotes">{t("flags.condition.quoteHint")}</span>}
        </label>
      )}
    </div>
  );
}

interface PartProps {
  readonly condition: Condition;
  readonly onChange: (condition: Condition) => void;
}

function OperatorSelect({ condition, onChange }: PartProps) {
  const { t } = useSpeech();
  const choose = (key: string) => {
    const [sign, name] = key.split(" ");
    const operator = name as Operator;
    const { attribute, values } = condition;
    onChange({
      attribute: operator === "OPERATOR_IN_SEGMENT" ? "" : attribute,
      operator,
      values: operator === "OPERATOR_EXISTS" ? [] : values.map((value) => retyped(value, operator)),
      negate: sign === "not",
      ignoreCase: condition.ignoreCase && knowsCase(operator),
    });
  };
  return (
    <select
      className="input"
      aria-label={t("flags.condition.operator")}
      value={`${condition.negate ? "not" : "is"} ${condition.operator}`}
      onChange={(event) => choose(event.target.value)}
    >
      {Object.entries(GROUPS).map(([group, operators]) => (
        <optgroup key={group} label={t(group as keyof typeof GROUPS)}>
          {operators.flatMap((operator) => [
            <option key={operator} value={`is ${operator}`}>
              {t(`flags.op.${operator}`)}
            </option>,
            <option key={`not ${operator}`} value={`not ${operator}`}>
              {t(`flags.notOp.${operator}`)}
            </option>,
          ])}
        </optgroup>
      ))}
    </select>
  );
}

/** The value as the operator takes it: what may only be text becomes text. */
function retyped(value: Condition["values"][number], operator: Operator): Condition["values"][number] {
  if (isTyped(operator)) return value;
  return { stringValue: value.stringValue ?? wordOf(value) };
}

function Values({ condition, suggestions, onChange }: PartProps & { readonly suggestions: readonly string[] }) {
  const { t } = useSpeech();
  const { operator, values } = condition;
  const typed = isTyped(operator);
  const write = (value: Condition["values"][number]) => (typed ? wordOf(value) : (value.stringValue ?? wordOf(value)));
  const read = (word: string) => (typed ? valueOfWord(word) : { stringValue: word });
  const label = t("flags.condition.values");
  if (takesOne(operator)) {
    const written = values[0] === undefined ? "" : write(values[0]);
    const take = (word: string) => onChange({ ...condition, values: word === "" ? [] : [read(word)] });
    return <OneValue label={label} written={written} onChange={take} />;
  }
  return (
    <Chips
      label={label}
      values={values.map(write)}
      suggestions={suggestions}
      onChange={(words) => onChange({ ...condition, values: words.map(read) })}
    />
  );
}

interface OneProps {
  readonly label: string;
  readonly written: string;
  readonly onChange: (word: string) => void;
}

/** A single value. What is typed stays as it is typed: "1.0" on the way to "1.05" is not yet 1. */
function OneValue({ label, written, onChange }: OneProps) {
  const [typed, setTyped] = useState<string>();
  return (
    <input
      className="input"
      aria-label={label}
      placeholder={label}
      value={typed ?? written}
      onChange={(event) => {
        setTyped(event.target.value);
        onChange(event.target.value);
      }}
      onBlur={() => setTyped(undefined)}
    />
  );
}
