import { useMemo, useState } from "react";
import { Card } from "../../../components/Card";
import { TimeChart } from "../../../components/chart/TimeChart";
import { Segmented } from "../../../components/Segmented";
import { useSpeech } from "../../../i18n/language";
import type { Metric, MetricResult } from "../types";
import { kindOf, writerOf } from "./numbers";
import { differenceSeries, estimateSeries, timesOf } from "./series";

const VIEWS = ["difference", "estimates"] as const;
const DAY_MS = 86_400_000;
/** Around a single look, so that it stands in the middle. */
const AROUND_MS = 1_800_000;

interface Props {
  readonly result: MetricResult;
  readonly metric: Metric | undefined;
  readonly control: string;
}

/** The primary metric over time: cumulative, one point a day and the present one. */
export function SeriesCard({ result, metric, control }: Props) {
  const speech = useSpeech();
  const { t, format } = speech;
  const [view, setView] = useState<(typeof VIEWS)[number]>("difference");
  const [chosen, setChosen] = useState("");
  const comparison = result.comparisons.find((each) => each.variant === chosen) ?? result.comparisons[0];
  const series = useMemo(() => {
    if (comparison === undefined) return [];
    return view === "difference" ? differenceSeries(comparison, t) : estimateSeries(comparison, control);
  }, [comparison, view, control, t]);
  if (comparison === undefined) return null;
  const write = writerOf(kindOf(metric), speech);
  const times = timesOf(comparison);
  const around = times.length < 2 ? AROUND_MS : 0;
  const [from, to] = [Math.min(...times) - around, Math.max(...times) + around];
  return (
    <Card
      className="span-12"
      title={t("exp.series")}
      actions={
        <div className="row series-choices">
          {result.comparisons.length > 1 && (
            <Segmented
              label={t("exp.series.arm")}
              options={result.comparisons.map((each) => ({ key: each.variant, label: each.variant }))}
              chosen={comparison.variant}
              onChoose={setChosen}
            />
          )}
          <Segmented
            label={t("exp.series.what")}
            options={VIEWS.map((key) => ({ key, label: t(`exp.series.${key}`) }))}
            chosen={view}
            onChoose={setView}
          />
        </div>
      }
    >
      <TimeChart
        title={t("exp.series.title", { metric: result.name, variant: comparison.variant, control })}
        series={series}
        from={from}
        to={to}
        write={view === "difference" ? write.difference : write.estimate}
        writeTime={to - from > 2 * DAY_MS ? format.day : format.minute}
      />
    </Card>
  );
}
