import { type SubmitEvent, type ReactNode, useState } from "react";
import { call } from "../../api/call";
import { useAction } from "../../api/hooks";
import type { Message } from "../../api/methods";
import { prettyJsonOf } from "../../api/values";
import { Button } from "../../components/Button";
import { Card } from "../../components/Card";
import { Field } from "../../components/Field";
import { FormProblem } from "../../components/FormProblem";
import { Segmented } from "../../components/Segmented";
import { EmptyState } from "../../components/states";
import { useSpeech } from "../../i18n/language";
import { type Asker, contextOf, contextOfJson } from "./contexts";
import { replaced, without } from "./lists";
import { coloured, Sentence, VariantTag } from "./Sentence";
import { ruleParts } from "./sentences";
import type { Flag } from "./types";
import { attributesOf } from "./vocabulary";

type Mode = "fields" | "json";

interface Props {
  readonly environment: string;
  readonly flag: Flag;
}

/** What would this user get, and why? */
export function EvaluateTab({ environment, flag }: Props) {
  const { t } = useSpeech();
  const [mode, setMode] = useState<Mode>("fields");
  const [asker, setAsker] = useState<Asker>(() => firstAsker(flag));
  const [json, setJson] = useState('{\n  "targeting_key": "usuario-1",\n  "tenant_id": "acme"\n}');
  const [answer, setAnswer] = useState<Message<"Evaluation">>();
  const context = mode === "json" ? contextOfJson(json) : contextOf(asker);
  const ask = useAction(async () => {
    if (context === undefined) return;
    setAnswer(undefined);
    const request = { environment, flagKey: flag.key, context };
    const { evaluation } = await call("mirante.api.flags.v1.EvaluationService/EvaluateFlag", request);
    setAnswer(evaluation);
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void ask.run();
  };
  return (
    <div className="grid">
      <Card
        className="span-6"
        title={t("flags.evaluate.who")}
        actions={
          <Segmented<Mode>
            label={t("flags.evaluate.who")}
            options={[
              { key: "fields", label: t("flags.evaluate.fields") },
              { key: "json", label: t("flags.evaluate.json") },
            ]}
            chosen={mode}
            onChoose={setMode}
          />
        }
      >
        <form className="stack" onSubmit={submit}>
          {mode === "json" ? (
            <Field
              label={t("flags.evaluate.contextJson")}
              error={context === undefined ? t("flags.evaluate.badJson") : undefined}
            >
              {(control) => (
                <textarea
                  {...control}
                  className="input mono"
                  rows={9}
                  spellCheck={false}
                  value={json}
                  onChange={(event) => setJson(event.target.value)}
                />
              )}
            </Field>
          ) : (
            <AskerFields asker={asker} onChange={setAsker} />
          )}
          <FormProblem problem={ask.problem} />
          <div className="dialog-actions">
            <Button type="submit" look="primary" disabled={ask.pending || context === undefined}>
              {t("flags.evaluate.run")}
            </Button>
          </div>
        </form>
      </Card>
      <Card className="span-6" title={t("flags.evaluate.result")}>
        <div aria-live="polite">
          {answer === undefined ? (
            <EmptyState icon="person" title="">
              <p>{t("flags.evaluate.nothing")}</p>
            </EmptyState>
          ) : (
            <Result flag={flag} answer={answer} />
          )}
        </div>
      </Card>
    </div>
  );
}

/** What the flag looks at is asked for. */
function firstAsker(flag: Flag): Asker {
  const names = new Set([
    "tenant_id",
    ...attributesOf(flag.rules.flatMap((rule) => rule.conditions)),
    ...flag.targets.map((target) => target.attribute),
  ]);
  names.delete("targeting_key");
  const attributes = [...names].filter((name) => !name.startsWith("/")).map((name) => ({ name, word: "" }));
  return { targetingKey: "usuario-1", attributes };
}

interface AskerProps {
  readonly asker: Asker;
  readonly onChange: (asker: Asker) => void;
}

function AskerFields({ asker, onChange }: AskerProps) {
  const { t } = useSpeech();
  const { attributes } = asker;
  const change = (next: Asker["attributes"]) => onChange({ ...asker, attributes: next });
  return (
    <>
      <Field label={t("flags.evaluate.targetingKey")} hint={t("flags.evaluate.targetingKeyHint")}>
        {(control) => (
          <input
            {...control}
            className="input mono"
            value={asker.targetingKey}
            onChange={(event) => onChange({ ...asker, targetingKey: event.target.value })}
          />
        )}
      </Field>
      <fieldset className="stack-tight">
        <legend>{t("flags.evaluate.attributes")}</legend>
        {attributes.map((attribute, index) => (
          <div key={index} className="condition attribute">
            <input
              className="input mono"
              aria-label={t("flags.evaluate.attributeName")}
              value={attribute.name}
              onChange={(event) => change(replaced(attributes, index, { ...attribute, name: event.target.value }))}
            />
            <input
              className="input"
              aria-label={t("flags.evaluate.attributeValue", { name: attribute.name })}
              value={attribute.word}
              onChange={(event) => change(replaced(attributes, index, { ...attribute, word: event.target.value }))}
            />
            <Button
              look="quiet"
              icon="close"
              aria-label={t("flags.evaluate.removeAttribute", { name: attribute.name })}
              onClick={() => change(without(attributes, index))}
            />
          </div>
        ))}
        <span className="field-hint">{t("flags.condition.quoteHint")}</span>
        <div>
          <Button look="quiet" icon="plus" onClick={() => change([...attributes, { name: "", word: "" }])}>
            {t("flags.evaluate.addAttribute")}
          </Button>
        </div>
      </fieldset>
    </>
  );
}

function Result({ flag, answer }: { readonly flag: Flag; readonly answer: Message<"Evaluation"> }) {
  const speech = useSpeech();
  const { t } = speech;
  const names = coloured(flag);
  const rule = flag.rules.find((each) => each.id === answer.ruleId && answer.ruleId !== "");
  return (
    <div className="stack">
      {answer.value === undefined ? (
        <p className="result-value soft">{t("flags.evaluate.noValue")}</p>
      ) : (
        <pre className="result-value">{prettyJsonOf(answer.value)}</pre>
      )}
      <dl className="facts">
        {answer.variant !== "" && (
          <Fact name={t("flags.evaluate.variant")}>
            <VariantTag name={answer.variant} variants={names} />
          </Fact>
        )}
        <Fact name={t("flags.evaluate.reason")}>
          <strong>{t(`flags.reason.${answer.reason}`)}</strong>
          {answer.errorMessage !== "" && <p>{answer.errorMessage}</p>}
        </Fact>
        {answer.ruleId !== "" && (
          <Fact name={t("flags.evaluate.rule")}>
            <code>{answer.ruleId}</code>
            {rule !== undefined && (
              <p>
                <Sentence parts={ruleParts(rule, speech)} variants={names} />
              </p>
            )}
          </Fact>
        )}
        <Fact name={t("flags.evaluate.version")}>{answer.flagVersion}</Fact>
      </dl>
    </div>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
