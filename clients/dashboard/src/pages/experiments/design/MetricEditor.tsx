import type { Message } from "../../../api/methods";
import type { ApiProblem } from "../../../api/problem";
import { Button } from "../../../components/Button";
import { Field } from "../../../components/Field";
import { useSpeech } from "../../../i18n/language";
import { DurationInput } from "../../analytics/explore/DurationInput";
import { withoutMember } from "../../flags/lists";
import { kindOf, type MetricKind } from "../result/numbers";
import type { Metric } from "../types";
import { emptyMeasure, measureOf, partsOf, withKind, withMeasure } from "./draft";
import { MeasureFields } from "./MeasureFields";
import { NumberInput } from "./NumberInput";

const KINDS: readonly MetricKind[] = ["proportion", "mean", "ratio", "revenue"];
const DIRECTIONS = ["METRIC_DIRECTION_HIGHER_IS_BETTER", "METRIC_DIRECTION_LOWER_IS_BETTER"] as const;
const USUAL_PAST = "604800s";

interface Props {
  readonly metric: Metric;
  readonly guardrail?: boolean;
  /** As violations name it. */
  readonly field: string;
  readonly events: readonly Message<"EventDefinition">[];
  readonly problem: ApiProblem | undefined;
  readonly onChange: (metric: Metric) => void;
  readonly onRemove?: () => void;
}

/** A metric as a form. */
export function MetricEditor({ metric, guardrail = false, field, events, problem, onChange, onRemove }: Props) {
  const { t } = useSpeech();
  const kind = kindOf(metric);
  const label = metric.name || metric.key;
  const at = (name: string) => ({ problem, name: `${field}.${name}` });
  const wrong = problem?.violations.filter((each) => each.field === field) ?? [];
  return (
    <div className="metric-editor" role="group" aria-label={t("dsg.metric", { name: label })}>
      <div className="rollout-more">
        <Field label={t("dsg.metric.kind")}>
          {(control) => (
            <select
              {...control}
              value={kind}
              onChange={(event) => onChange(withKind(metric, KINDS.find((each) => each === event.target.value) ?? kind))}
            >
              {KINDS.map((each) => (
                <option key={each} value={each}>
                  {t(`dsg.kind.${each}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={t("dsg.metric.name")} {...at("name")}>
          {(control) => (
            <input
              {...control}
              value={metric.name}
              placeholder={metric.key}
              onChange={(event) => onChange({ ...metric, name: event.target.value })}
            />
          )}
        </Field>
        <Field label={t("dsg.metric.key")} {...at("key")}>
          {(control) => (
            <input
              {...control}
              className="input mono"
              value={metric.key}
              spellCheck={false}
              onChange={(event) => onChange({ ...metric, key: event.target.value })}
            />
          )}
        </Field>
      </div>
      {partsOf(kind).map((part) => (
        <MeasureFields
          key={part}
          part={part}
          measure={measureOf(metric, part) ?? emptyMeasure()}
          field={part === "proportion" || part === "mean" ? `${field}.${part}` : `${field}.${kind}.${part}`}
          events={events}
          problem={problem}
          onChange={(measure) => onChange(withMeasure(metric, part, measure))}
        />
      ))}
      <div className="rollout-more">
        <Field label={t("dsg.metric.direction")} {...at("direction")}>
          {(control) => (
            <select
              {...control}
              value={metric.direction}
              onChange={(event) =>
                onChange({
                  ...metric,
                  direction: DIRECTIONS.find((each) => each === event.target.value) ?? metric.direction,
                })
              }
            >
              {DIRECTIONS.map((each) => (
                <option key={each} value={each}>
                  {t(`exp.better.${each}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <div className="field">
          <span className="field-name">{t("dsg.metric.window")}</span>
          <DurationInput
            duration={metric.window}
            onChange={(window) => onChange(window === undefined ? withoutMember(metric, "window") : { ...metric, window })}
          />
          {problem?.violation(`${field}.window`) !== undefined && (
            <span className="field-error" role="alert">
              {problem.violation(`${field}.window`)}
            </span>
          )}
        </div>
        {guardrail && (
          <Field label={t("dsg.metric.margin")} hint={t("dsg.metric.marginHint")} {...at("margin")}>
            {(control) => (
              <NumberInput
                control={control}
                value={metric.margin}
                onChange={(margin) => onChange(margin === undefined ? withoutMember(metric, "margin") : { ...metric, margin })}
              />
            )}
          </Field>
        )}
        {(kind === "mean" || kind === "revenue") && (
          <Field label={t("dsg.metric.cap")} hint={t("dsg.metric.capHint")} {...at("cap_quantile")}>
            {(control) => (
              <NumberInput
                control={control}
                value={metric.capQuantile === 0 ? undefined : metric.capQuantile}
                onChange={(capQuantile) => onChange({ ...metric, capQuantile: capQuantile ?? 0 })}
              />
            )}
          </Field>
        )}
      </div>
      <div className="row row-between">
        {kind === "mean" || kind === "revenue" ? (
          <label className="check">
            <input
              type="checkbox"
              checked={metric.covariateWindow !== undefined}
              onChange={(event) =>
                onChange(
                  event.target.checked
                    ? { ...metric, covariateWindow: USUAL_PAST }
                    : withoutMember(metric, "covariateWindow"),
                )
              }
            />
            {t("dsg.metric.covariate")}
          </label>
        ) : (
          <span />
        )}
        {onRemove !== undefined && (
          <Button look="quiet" icon="close" onClick={onRemove}>
            {t("dsg.metric.remove", { name: label })}
          </Button>
        )}
      </div>
      {wrong.length > 0 && (
        <span className="field-error" role="alert">
          {wrong.map((each) => each.detail).join("; ")}
        </span>
      )}
    </div>
  );
}
