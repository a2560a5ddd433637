import { Badge } from "../../../components/Badge";
import { Card } from "../../../components/Card";
import { type Column, Table } from "../../../components/Table";
import { NOTHING } from "../../../i18n/format";
import { useSpeech } from "../../../i18n/language";
import type { Comparison, Experiment, Metric, MetricResult } from "../types";
import { IntervalPlot } from "./IntervalPlot";
import { chanceText, intervalText, kindOf, type NumberWriter, pPhrase, pText, writerOf } from "./numbers";
import { markOf } from "./scale";

interface Props {
  readonly result: MetricResult;
  /** As it was designed. */
  readonly metric: Metric | undefined;
  readonly experiment: Experiment;
}

/** One metric: its arms, their intervals, and what the test at the planned size said. */
export function MetricCard({ result, metric, experiment }: Props) {
  const speech = useSpeech();
  const { t, format } = speech;
  const guardrail = result.role === "METRIC_ROLE_GUARDRAIL";
  const primary = result.role === "METRIC_ROLE_PRIMARY";
  const write = writerOf(kindOf(metric), speech);
  const mark = markOf(metric, primary ? (experiment.rules?.minimumEffect ?? 0) : 0, guardrail);
  const columns = useColumns(result, write, experiment.control);
  const horizons = result.comparisons.filter((each) => each.atHorizon !== undefined);
  return (
    <Card
      className="span-12"
      title={result.name}
      actions={
        <>
          <Badge tone={primary ? "accent" : "plain"}>{t(`exp.role.${result.role}`)}</Badge>
          <span className="soft small">{t(`exp.better.${result.direction}`)}</span>
        </>
      }
    >
      <div className="stack" data-metric={result.metricKey}>
        <IntervalPlot
          comparisons={result.comparisons}
          control={experiment.control}
          mark={mark}
          markName={t(guardrail ? "exp.plot.margin" : "exp.plot.effect")}
          write={write.difference}
        />
        <div className="arm-table">
          <Table caption={result.name} columns={columns} rows={result.arms} rowKey={(arm) => arm.variant} />
        </div>
        {horizons.map(({ variant, atHorizon }) => (
          <p key={variant} className="small">
            <strong className="mono">{variant}</strong>{" "}
            {t("exp.horizon", {
              when: atHorizon?.at === undefined ? "–" : format.dateTime(new Date(atHorizon.at), new Date()),
              difference: write.difference(atHorizon?.difference),
              p: pPhrase(atHorizon?.p, speech),
            })}
          </p>
        ))}
        <p className="faint small">
          {[
            t("exp.chanceNote"),
            ...(result.adjusted ? [t("exp.adjusted")] : []),
            ...(result.cap === undefined ? [] : [t("exp.capped", { cap: format.number(result.cap, 2) })]),
          ].join(" · ")}
        </p>
      </div>
    </Card>
  );
}

type Arm = MetricResult["arms"][number];

function useColumns(result: MetricResult, write: NumberWriter, control: string): Column<Arm>[] {
  const speech = useSpeech();
  const { t, format } = speech;
  const compared = new Map(result.comparisons.map((each) => [each.variant, each]));
  const of = (cell: (comparison: Comparison) => string) => (arm: Arm) => {
    const comparison = compared.get(arm.variant);
    return comparison === undefined ? <span className="faint">{NOTHING}</span> : cell(comparison);
  };
  const column = (key: string, title: string, cell: Column<Arm>["cell"]): Column<Arm> => ({ key, title, cell, number: true });
  const columns: Column<Arm>[] = [
    {
      key: "variant",
      title: t("exp.arm.variant"),
      heading: true,
      sort: (arm) => arm.variant,
      cell: (arm) => (
        <>
          <span className="mono">{arm.variant}</span>
          {arm.variant === control && <span className="soft small"> {t("exp.arm.control")}</span>}
        </>
      ),
    },
    column("units", t("exp.arm.units"), (arm) => format.number(arm.units)),
  ];
  if (result.arms.some((arm) => arm.conversions !== undefined)) {
    columns.push(
      column("conversions", t("exp.arm.conversions"), (arm) =>
        arm.conversions === undefined ? NOTHING : format.number(arm.conversions),
      ),
    );
  }
  columns.push(
    column("estimate", t("exp.arm.estimate"), (arm) => write.estimate(arm.estimate)),
    column("difference", t("exp.arm.difference"), of((each) => write.difference(each.difference))),
    column("interval", t("exp.arm.interval"), of((each) =>
      each.intervalEmpty
        ? t("exp.interval.empty")
        : intervalText(each.lower, each.upper, write.difference, t) || t("exp.interval.open"),
    )),
    column("p", t("exp.arm.p"), of((each) => pText(each.adjustedP ?? each.p, speech))),
    column("lift", t("exp.arm.lift"), of((each) => (each.lift === undefined ? NOTHING : format.change(each.lift)))),
  );
  if (result.role === "METRIC_ROLE_GUARDRAIL") {
    columns.push({
      key: "guard",
      title: t("exp.arm.guard"),
      cell: (arm) => {
        const comparison = compared.get(arm.variant);
        return comparison === undefined ? null : <Harm comparison={comparison} />;
      },
    });
  } else if (result.comparisons.some((each) => each.chanceToWin !== undefined)) {
    columns.push(
      column("chance", t("exp.arm.chance"), of((each) =>
        each.chanceToWin === undefined ? NOTHING : chanceText(each.chanceToWin, format),
      )),
    );
  }
  return columns;
}

function Harm({ comparison }: { readonly comparison: Comparison }) {
  const { t } = useSpeech();
  if (comparison.harmed) return <Badge tone="bad">{t("exp.arm.harmed")}</Badge>;
  if (comparison.harmless) return <Badge tone="good">{t("exp.arm.harmless")}</Badge>;
  return <Badge>{t("exp.arm.open")}</Badge>;
}
