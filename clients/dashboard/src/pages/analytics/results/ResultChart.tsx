import { useMemo } from "react";
import { CategoryChart } from "../../../components/chart/CategoryChart";
import { type Speech, useSpeech } from "../../../i18n/language";
import type { Question, Result } from "../asking/question";
import { churnChart, type Drawn, funnelChart, lifecycleChart, npsChart, seriesChart, stickinessChart } from "./charts";
import { Differences } from "./Differences";
import { FeatureBars } from "./FeatureBars";
import { FunnelBars } from "./FunnelBars";
import { PathColumns } from "./PathColumns";
import { RetentionTriangle } from "./RetentionTriangle";

interface Props {
  readonly title: string;
  readonly result: Result;
  readonly previous: Result | undefined;
  readonly question: Question;
  readonly onDropped?: ((step: number) => void) | undefined;
}

/** Whether a result is drawn beside its tables. All others are tables alone. */
export function hasChart(result: Result): boolean {
  return DRAWN.some((member) => result[member] !== undefined);
}

const DRAWN = ["funnel", "retention", "featureUse", "series", "stickiness", "lifecycle", "nps", "revenueAssociation", "churn", "paths"] as const;

/** A result, drawn. */
export function ResultChart({ title, result, previous, question, onDropped }: Props) {
  const speech = useSpeech();
  const { format } = speech;
  const drawn = useMemo(() => drawnOf(result, previous, question, speech), [result, previous, question, speech]);
  const number = (value: number, short: boolean) => (short ? format.compact(value) : format.number(value, 2));
  const absolute = (value: number, short: boolean) => number(Math.abs(value), short);
  return (
    <>
      {result.funnel !== undefined && (
        <FunnelBars
          result={result.funnel}
          previous={previous?.funnel}
          {...(onDropped === undefined ? {} : { onDropped })}
        />
      )}
      {result.retention !== undefined && <RetentionTriangle result={result.retention} />}
      {result.featureUse !== undefined && <FeatureBars result={result.featureUse} unusedFirst={question.featureUse?.declaredInCatalogue === true} />}
      {result.paths !== undefined && <PathColumns result={result.paths} />}
      {result.revenueAssociation !== undefined && <Differences result={result.revenueAssociation} />}
      {drawn !== undefined && (
        <CategoryChart
          {...drawn}
          title={title}
          stacked={result.lifecycle !== undefined || result.stickiness !== undefined}
          write={
            result.funnel !== undefined || result.churn !== undefined
              ? (value, short) => format.percent(value, short ? 0 : 1)
              : result.lifecycle !== undefined
                ? absolute
                : number
          }
          {...(result.funnel === undefined && result.churn === undefined ? {} : { height: 160 })}
        />
      )}
    </>
  );
}

function drawnOf(result: Result, previous: Result | undefined, question: Question, speech: Speech): Drawn | undefined {
  if (result.series !== undefined) {
    const name = question.series?.selection?.event || speech.t("explore.anyEvent");
    return seriesChart(result.series, previous?.series, name, speech);
  }
  if (result.lifecycle !== undefined) return lifecycleChart(result.lifecycle, speech);
  if (result.stickiness !== undefined) return stickinessChart(result.stickiness, speech);
  if (result.nps !== undefined) return npsChart(result.nps, speech);
  if (result.funnel !== undefined && result.funnel.buckets.length > 1) return funnelChart(result.funnel, speech);
  if (result.churn?.validation !== undefined) return churnChart(result.churn, speech);
  return undefined;
}
