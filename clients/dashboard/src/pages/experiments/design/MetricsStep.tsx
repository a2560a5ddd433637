import { useCall } from "../../../api/hooks";
import { Button } from "../../../components/Button";
import { useSpeech } from "../../../i18n/language";
import { useScope } from "../../../shell/scope";
import { replaced, without } from "../../flags/lists";
import { metricsOf } from "../result/numbers";
import type { Metric } from "../types";
import { freeKey, newMetric } from "./draft";
import { MetricEditor } from "./MetricEditor";
import type { StepProps } from "./Wizard";

const GROUPS = ["secondary", "guardrails"] as const;

/** What is measured: one metric that decides, others that explain, and what must not get worse. */
export function MetricsStep({ experiment, problem, onChange }: StepProps) {
  const { t } = useSpeech();
  const { environment } = useScope();
  const catalogue = useCall("mirante.api.telemetry.v1.CatalogueService/GetCatalogue", { environment }).data?.catalogue;
  const events = catalogue?.events ?? [];
  const keys = metricsOf(experiment).map((each) => each.key);
  const primary = experiment.primary ?? newMetric(freeKey("principal", keys));
  const change = (group: (typeof GROUPS)[number], metrics: Metric[]) => onChange({ ...experiment, [group]: metrics });
  return (
    <>
      <section className="stack-tight">
        <h3>{t("dsg.primary")}</h3>
        <p className="field-hint">{t("dsg.primaryLead")}</p>
        <MetricEditor
          metric={primary}
          field="experiment.primary"
          events={events}
          problem={problem}
          onChange={(metric) => onChange({ ...experiment, primary: metric })}
        />
      </section>
      {GROUPS.map((group) => (
        <section key={group} className="stack-tight">
          <h3>{t(`dsg.${group}`)}</h3>
          <p className="field-hint">{t(`dsg.${group}Lead`)}</p>
          {experiment[group].map((metric, index) => (
            <MetricEditor
              key={index}
              metric={metric}
              guardrail={group === "guardrails"}
              field={`experiment.${group}[${index}]`}
              events={events}
              problem={problem}
              onChange={(next) => change(group, replaced(experiment[group], index, next))}
              onRemove={() => change(group, without(experiment[group], index))}
            />
          ))}
          <div>
            <Button
              icon="plus"
              onClick={() => {
                const guardrail = group === "guardrails";
                const key = freeKey(guardrail ? "protecao" : "secundaria", keys);
                change(group, [...experiment[group], newMetric(key, guardrail)]);
              }}
            >
              {t(group === "guardrails" ? "dsg.addGuardrail" : "dsg.addSecondary")}
            </Button>
          </div>
        </section>
      ))}
    </>
  );
}
