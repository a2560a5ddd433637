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
    <div className="condition" role="group" aria-label={`${t("flags.rule.conditions")} ${number}`}>
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
    const first = values[0];
    return (
      <input
        className="input"
        aria-label={label}
        placeholder={label}
        value={first === undefined ? "" : write(first)}
        onChange={(event) => onChange({ ...condition, values: event.target.value === "" ? [] : [read(event.target.value)] })}
      />
    );
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
