import { useCall } from "../../../api/hooks";
import type { ApiProblem } from "../../../api/problem";
import { Button } from "../../../components/Button";
import { Field } from "../../../components/Field";
import { FormProblem } from "../../../components/FormProblem";
import { SkeletonLines } from "../../../components/states";
import { type Column, Table } from "../../../components/Table";
import { useSpeech } from "../../../i18n/language";
import { useScope } from "../../../shell/scope";
import { kindOf, writerOf } from "../result/numbers";
import { type Experiment, type Plan, SERVICE } from "../types";
import { canPlan, plannable } from "./draft";
import { useSettled } from "./settled";
import { rangeOf, sizedAs } from "./sizing";

const SETTLED_MS = 400;

interface Props {
  readonly experiment: Experiment;
  readonly problem: ApiProblem | undefined;
  readonly onPlanned: (units: number) => void;
}

/** What the past says of sizes: a slider through them, with the time they take and what they find. */
export function PlanCard({ experiment, problem, onPlanned }: Props) {
  const { t } = useSpeech();
  const { environment } = useScope();
  const asked = useSettled(canPlan(experiment) ? plannable(experiment) : null, SETTLED_MS);
  const { data, problem: failed, loading } = useCall(
    `${SERVICE}/PlanExperiment`,
    asked === null ? null : { environment, experiment: asked },
  );
  const planned = Number(experiment.rules?.plannedUnits ?? 0);
  return (
    <section className="plan stack" aria-label={t("dsg.plan")} aria-busy={loading}>
      <h3>{t("dsg.plan")}</h3>
      {data?.plan !== undefined ? (
        <PlanView experiment={experiment} plan={data.plan} planned={planned} onPlanned={onPlanned} />
      ) : failed !== undefined ? (
        <FormProblem problem={failed} />
      ) : (
        loading && <SkeletonLines />
      )}
      <Field label={t("dsg.planned")} problem={problem} name="experiment.rules.planned_units">
        {(control) => (
          <input
            {...control}
            type="number"
            min={0}
            value={planned === 0 ? "" : planned}
            onChange={(event) => onPlanned(Math.max(0, Math.trunc(Number(event.target.value))))}
          />
        )}
      </Field>
    </section>
  );
}

interface ViewProps {
  readonly experiment: Experiment;
  readonly plan: Plan;
  readonly planned: number;
  readonly onPlanned: (units: number) => void;
}

function PlanView({ experiment, plan, planned, onPlanned }: ViewProps) {
  const speech = useSpeech();
  const { t, counted, format } = speech;
  const write = writerOf(kindOf(experiment.primary), speech);
  const needed = Number(plan.unitsPerArm);
  const units = planned === 0 ? needed : planned;
  const range = rangeOf(plan, units);
  const sized = sizedAs(plan, units);
  const days = (count: number | undefined) =>
    count === undefined || count === 0 ? t("dsg.plan.unknown") : counted("dsg.plan.days", count);
  const power = format.percent(plan.power, 0);
  const day = (at: string | undefined) => (at === undefined ? "–" : format.day(new Date(at)));
  const population = plan.population === "exposures" ? "exposures" : "activity";
  return (
    <>
      <p data-plan={needed}>
        {(experiment.rules?.minimumEffect ?? 0) === 0
          ? t("dsg.plan.noEffect")
          : needed === 0 || plan.days === 0
            ? t("dsg.plan.never")
            : t("dsg.plan.needs", { power, units: format.number(needed), days: days(plan.days) })}{" "}
        {needed > 0 && needed !== planned && (
          <Button onClick={() => onPlanned(needed)}>{t("dsg.plan.use", { units: format.number(needed) })}</Button>
        )}
      </p>
      <Field label={t("dsg.plannedSlider")}>
        {(control) => (
          <input
            {...control}
            className="slider"
            type="range"
            min={range.from}
            max={range.to}
            step={range.step}
            value={Math.max(range.from, units)}
            aria-valuetext={`${format.number(units)}: ${days(sized.days)}, ${write.estimate(sized.effect)}`}
            onChange={(event) => onPlanned(Number(event.target.value))}
          />
        )}
      </Field>
      <dl className="guard-facts">
        <div>
          <dt>{t("dsg.plan.at", { units: format.number(units) })}</dt>
          <dd>{days(units === 0 ? undefined : sized.days)}</dd>
        </div>
        <div>
          <dt>{t("dsg.plan.detects")}</dt>
          <dd>
            {write.difference(sized.effect)}
            {sized.lift !== undefined && <span className="soft"> ({format.change(sized.lift)})</span>}
          </dd>
        </div>
        <div>
          <dt>{t("dsg.plan.baseline")}</dt>
          <dd>{write.estimate(plan.primary?.baseline)}</dd>
        </div>
        <div>
          <dt>{t("dsg.plan.perDay")}</dt>
          <dd>{format.number(plan.unitsPerDay, 1)}</dd>
        </div>
      </dl>
      {plan.warnings.length > 0 && (
        <ul className="warnings" lang="pt-BR">
          {plan.warnings.map((each) => (
            <li key={each}>{each}</li>
          ))}
        </ul>
      )}
      <p className="soft small">
        {t(`dsg.plan.population.${population}`, { from: day(plan.pastFrom), until: day(plan.pastUntil) })}
      </p>
      <details>
        <summary>{t("dsg.plan.table")}</summary>
        <Detectable plan={plan} write={write.difference} />
      </details>
    </>
  );
}

interface TableProps {
  readonly plan: Plan;
  readonly write: (value: number | undefined) => string;
}

function Detectable({ plan, write }: TableProps) {
  const { t, format } = useSpeech();
  type Row = Plan["detectable"][number];
  const columns: Column<Row>[] = [
    { key: "days", title: t("dsg.plan.column.days"), heading: true, cell: (row) => row.days },
    { key: "units", title: t("dsg.plan.column.units"), number: true, cell: (row) => format.number(row.unitsPerArm) },
    { key: "effect", title: t("dsg.plan.column.effect"), number: true, cell: (row) => write(row.effect) },
    {
      key: "lift",
      title: t("dsg.plan.column.lift"),
      number: true,
      cell: (row) => (row.lift === undefined ? "–" : format.change(row.lift)),
    },
  ];
  return (
    <Table caption={t("dsg.plan.table")} columns={columns} rows={plan.detectable} rowKey={(row) => String(row.days)} />
  );
}
