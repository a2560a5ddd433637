import { Badge } from "../../../components/Badge";
import { useSpeech } from "../../../i18n/language";
import { writerOf, kindOf } from "../result/numbers";
import type { Experiment, Metric } from "../types";
import { metricSentence } from "./saying";

const WHOLE = 100_000;

/** A design in a few lines. */
export function Summary({ experiment }: { readonly experiment: Experiment }) {
  const speech = useSpeech();
  const { t, format } = speech;
  const { rules, arms, control, layer } = experiment;
  const all = arms.reduce((sum, arm) => sum + arm.weight, 0);
  const rule = experiment.ruleId === "" ? t("dsg.rule.all") : t("dsg.rule.one", { rule: experiment.ruleId });
  const coverage = format.percent((experiment.coverage || WHOLE) / WHOLE, 3);
  const who = t("dsg.review.whoText", { rule, unit: t(`dsg.unit.${experiment.unit}`).toLowerCase(), coverage });
  const planned = rules?.plannedUnits ?? "0";
  const write = writerOf(kindOf(experiment.primary), speech);
  return (
    <dl className="facts design-facts">
      <dt>{t("dsg.hypothesis")}</dt>
      <dd>{experiment.hypothesis || "–"}</dd>
      <dt>{t("dsg.owner")}</dt>
      <dd>{experiment.owner || "–"}</dd>
      <dt>{t("dsg.review.arms")}</dt>
      <dd>
        {arms.map((arm) => (
          <span key={arm.variant} className="arm-share">
            <span className="mono">{arm.variant}</span> {format.percent(arm.weight / all)}
            {arm.variant === control && <Badge>{t("exp.arm.control")}</Badge>}
          </span>
        ))}
      </dd>
      <dt>{t("dsg.review.who")}</dt>
      <dd>{layer === "" ? who : `${who}; ${t("dsg.review.layerText", { layer })}`}</dd>
      <dt>{t("dsg.primary")}</dt>
      <dd>{experiment.primary === undefined ? "–" : <MetricLine metric={experiment.primary} />}</dd>
      <MetricLines title={t("dsg.secondary")} metrics={experiment.secondary} />
      <MetricLines title={t("dsg.guardrails")} metrics={experiment.guardrails} />
      <dt>{t("dsg.review.size")}</dt>
      <dd>{planned === "0" ? t("dsg.review.sizeOpen") : t("dsg.review.sizeText", { units: format.number(planned) })}</dd>
      <dt>{t("dsg.review.effect")}</dt>
      <dd>{rules === undefined || rules.minimumEffect === 0 ? "–" : write.difference(rules.minimumEffect)}</dd>
      <dt>{t("dsg.method")}</dt>
      <dd>{t(`dsg.method.${rules?.method ?? "DECISION_METHOD_UNSPECIFIED"}`)}</dd>
    </dl>
  );
}

function MetricLines({ title, metrics }: { readonly title: string; readonly metrics: readonly Metric[] }) {
  if (metrics.length === 0) return null;
  return (
    <>
      <dt>{title}</dt>
      <dd className="stack-tight">
        {metrics.map((each) => (
          <MetricLine key={each.key} metric={each} />
        ))}
      </dd>
    </>
  );
}

function MetricLine({ metric }: { readonly metric: Metric }) {
  const speech = useSpeech();
  const { t } = speech;
  const write = writerOf(kindOf(metric), speech);
  const margin = metric.margin === undefined ? "" : `; ${t("dsg.says.margin", { margin: write.estimate(metric.margin) })}`;
  return (
    <span>
      <strong>{metric.name || metric.key}</strong>{" "}
      <span className="soft">
        {metricSentence(metric, speech)} ({t(`exp.better.${metric.direction}`)}
        {margin})
      </span>
    </span>
  );
}
