import { useState } from "react";
import { useCall } from "../../../api/hooks";
import { Card } from "../../../components/Card";
import { EmptyState, ErrorState, SkeletonLines } from "../../../components/states";
import { useSpeech } from "../../../i18n/language";
import { useScope } from "../../../shell/scope";
import { isLive } from "../lifecycle";
import { type Experiment, type ExperimentRecord, type Results, SERVICE } from "../types";
import { Breakdown } from "./Breakdown";
import { Health } from "./Health";
import { MetricCard } from "./MetricCard";
import { metricsOf } from "./numbers";
import { SeriesCard } from "./SeriesCard";
import { VerdictCard } from "./VerdictCard";

const POLL_MS = 10_000;

interface Props {
  readonly record: ExperimentRecord;
  readonly experiment: Experiment;
}

/** What an experiment says so far; asked again while it may still change. */
export function ResultTab({ record, experiment }: Props) {
  const { t } = useSpeech();
  const { environment } = useScope();
  const [property, setProperty] = useState("");
  const started = record.startedAt !== undefined;
  const asked = started ? { environment, experimentKey: experiment.key, breakdownProperty: property } : null;
  const { data, problem, reload } = useCall(`${SERVICE}/GetResults`, asked, isLive(record.state) ? POLL_MS : undefined);
  const [shown, setShown] = useState<Results>();
  const results = data?.results;
  // The numbers stay while they are split another way.
  if (results !== undefined && results !== shown) setShown(results);
  const current = results ?? shown;
  if (!started) {
    return (
      <Card>
        <EmptyState icon="experiments" title={t("exp.notStarted")}>
          <p>{t("exp.notStartedLead")}</p>
        </EmptyState>
      </Card>
    );
  }
  if (current === undefined) {
    return (
      <Card>{problem === undefined ? <SkeletonLines lines={8} /> : <ErrorState problem={problem} retry={reload} />}</Card>
    );
  }
  const designed = new Map(metricsOf(experiment).map((each) => [each.key, each]));
  const primary = current.metrics[0];
  return (
    <div className="grid">
      <VerdictCard record={record} results={current} />
      <Health className="span-4" health={current.health} />
      {primary !== undefined && (
        <SeriesCard result={primary} metric={designed.get(primary.metricKey)} control={experiment.control} />
      )}
      {current.metrics.map((metric) => (
        <MetricCard
          key={metric.metricKey}
          result={metric}
          metric={designed.get(metric.metricKey)}
          experiment={experiment}
        />
      ))}
      <Breakdown
        experiment={experiment}
        results={current}
        property={property}
        waiting={property !== "" && current.exploratoryProperty !== property && problem === undefined}
        problem={property === "" ? undefined : problem}
        onAsk={setProperty}
      />
    </div>
  );
}
