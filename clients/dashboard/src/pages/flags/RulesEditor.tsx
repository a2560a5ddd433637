import { useRef } from "react";
import { Button } from "../../components/Button";
import { Field } from "../../components/Field";
import { useSpeech } from "../../i18n/language";
import { ConditionEditor } from "./ConditionEditor";
import { moved, replaced, without } from "./lists";
import { coloured, Sentence } from "./Sentence";
import { ruleParts } from "./sentences";
import { ServeEditor } from "./ServeEditor";
import type { Condition, Flag, Rule } from "./types";
import type { Vocabulary } from "./vocabulary";

interface Props {
  readonly flag: Flag;
  readonly vocabulary: Vocabulary;
  readonly onChange: (rules: Rule[]) => void;
}

const NEW_CONDITION: Condition = {
  attribute: "",
  operator: "OPERATOR_IN",
  values: [],
  negate: false,
  ignoreCase: false,
};

/** The rules as a form. */
export function RulesEditor({ flag, vocabulary, onChange }: Props) {
  const { t } = useSpeech();
  const list = useRef<HTMLOListElement>(null);
  const { rules } = flag;
  const move = (from: number, by: -1 | 1) => {
    onChange(moved(rules, from, from + by));
    // The button that was pressed goes with its rule.
    const name = by < 0 ? "up" : "down";
    requestAnimationFrame(() => {
      list.current?.querySelectorAll<HTMLElement>(`[data-move=${name}]`)[from + by]?.focus();
    });
  };
  return (
    <div className="stack">
      <p className="soft small">{t(rules.length === 0 ? "flags.rules.none" : "flags.rules.order")}</p>
      <ol className="stack rule-forms" ref={list}>
        {rules.map((rule, index) => (
          <li key={index} className="rule-form stack">
            <div className="rule-form-head">
              <strong>
                {t("flags.rule")} {index + 1}
              </strong>
              <div className="row">
                <Button
                  look="quiet"
                  icon="up"
                  data-move="up"
                  aria-label={t("flags.rules.up", { rule: index + 1 })}
                  disabled={index === 0}
                  onClick={() => move(index, -1)}
                />
                <Button
                  look="quiet"
                  icon="down"
                  data-move="down"
                  aria-label={t("flags.rules.down", { rule: index + 1 })}
                  disabled={index === rules.length - 1}
                  onClick={() => move(index, 1)}
                />
                <Button
                  look="quiet"
                  icon="close"
                  aria-label={t("flags.rules.remove", { rule: index + 1 })}
                  onClick={() => onChange(without(rules, index))}
                />
              </div>
            </div>
            <RuleForm
              rule={rule}
              flag={flag}
              vocabulary={vocabulary}
              onChange={(next) => onChange(replaced(rules, index, next))}
            />
          </li>
        ))}
      </ol>
      <div>
        <Button icon="plus" onClick={() => onChange([...rules, newRule(flag)])}>
          {t("flags.rules.add")}
        </Button>
      </div>
    </div>
  );
}

function newRule(flag: Flag): Rule {
  const taken = new Set(flag.rules.map((rule) => rule.id));
  let number = flag.rules.length + 1;
  while (taken.has(`regra_${number}`)) number += 1;
  const variant = flag.variants.find((each) => each.name !== flag.offVariant)?.name ?? flag.offVariant;
  return { id: `regra_${number}`, description: "", conditions: [NEW_CONDITION], serve: { variant } };
}

interface FormProps {
  readonly rule: Rule;
  readonly flag: Flag;
  readonly vocabulary: Vocabulary;
  readonly onChange: (rule: Rule) => void;
}

function RuleForm({ rule, flag, vocabulary, onChange }: FormProps) {
  const speech = useSpeech();
  const { t } = speech;
  const names = coloured(flag);
  const { conditions } = rule;
  const change = (next: Partial<Rule>) => onChange({ ...rule, ...next });
  return (
    <>
      <p className="rule-sentence">
        <Sentence parts={ruleParts(rule, speech)} variants={names} />
      </p>
      <div className="rule-names">
        <Field label={t("flags.rule.id")} hint={t("flags.rule.idHint")}>
          {(control) => (
            <input {...control} value={rule.id} onChange={(event) => change({ id: event.target.value })} />
          )}
        </Field>
        <Field label={t("flags.rule.description")}>
          {(control) => (
            <input {...control} value={rule.description} onChange={(event) => change({ description: event.target.value })} />
          )}
        </Field>
      </div>
      <fieldset className="stack-tight">
        <legend>{t("flags.rule.conditions")}</legend>
        {conditions.length === 0 && <p className="soft small">{t("flags.rule.noConditions")}</p>}
        {conditions.map((condition, index) => (
          <ConditionEditor
            key={index}
            number={index + 1}
            condition={condition}
            vocabulary={vocabulary}
            onChange={(next) => change({ conditions: replaced(conditions, index, next) })}
            onRemove={() => change({ conditions: without(conditions, index) })}
          />
        ))}
        <div>
          <Button look="quiet" icon="plus" onClick={() => change({ conditions: [...conditions, NEW_CONDITION] })}>
            {t("flags.condition.add")}
          </Button>
        </div>
      </fieldset>
      <fieldset className="stack-tight">
        <legend>{t("flags.serve.kind")}</legend>
        <ServeEditor
          serve={rule.serve ?? {}}
          flag={flag}
          vocabulary={vocabulary}
          coverageHint={t("flags.serve.coverageRule")}
          onChange={(serve) => change({ serve })}
        />
      </fieldset>
    </>
  );
}
