import { type SubmitEvent, useState } from "react";
import { useCall } from "../../../api/hooks";
import type { ApiProblem } from "../../../api/problem";
import { Badge } from "../../../components/Badge";
import { Button } from "../../../components/Button";
import { Card } from "../../../components/Card";
import { ErrorState, SkeletonLines } from "../../../components/states";
import { type Column, Table } from "../../../components/Table";
import { useSpeech } from "../../../i18n/language";
import { useScope } from "../../../shell/scope";
import { SERVICE as REPORTS } from "../../analytics/asking/question";
import { AttributeInput } from "../../flags/AttributeInput";
import type { Experiment, Results } from "../types";
import { intervalText, kindOf, writerOf } from "./numbers";

type Group = Results["exploratory"][number];

interface Props {
  readonly experiment: Experiment;
  readonly results: Results;
  /** Asked for; empty: none. */
  readonly property: string;
  readonly waiting: boolean;
  readonly problem: ApiProblem | undefined;
  readonly onAsk: (property: string) => void;
}

/** The primary metric by group. It is called exploratory everywhere. */
export function Breakdown({ experiment, results, property, waiting, problem, onAsk }: Props) {
  const { t } = useSpeech();
  const { environment, tenant } = useScope();
  const [typed, setTyped] = useState(property);
  const known = useCall(`${REPORTS}/ListReportNames`, { environment, tenant }).data?.contextProperties ?? [];
  const tenants = experiment.unit === "RANDOMIZATION_UNIT_TENANT";
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onAsk(typed.trim());
  };
  return (
    <Card
      className="span-12"
      title={t("exp.explore")}
      actions={<Badge tone="warn">{t("exp.explore.label")}</Badge>}
    >
      <div className="stack">
        <p className="soft">{t(tenants ? "exp.explore.usersOnly" : "exp.explore.lead")}</p>
        {!tenants && (
          <form className="row explore-form" onSubmit={submit}>
            <AttributeInput label={t("exp.explore.property")} value={typed} known={known} onChange={setTyped} />
            <Button type="submit">{t("exp.explore.ask")}</Button>
          </form>
        )}
        {problem !== undefined ? (
          <ErrorState problem={problem} />
        ) : waiting ? (
          <SkeletonLines />
        ) : (
          results.exploratory.length > 0 && <Groups experiment={experiment} results={results} />
        )}
      </div>
    </Card>
  );
}

function Groups({ experiment, results }: { readonly experiment: Experiment; readonly results: Results }) {
  const speech = useSpeech();
  const { t, format } = speech;
  const write = writerOf(kindOf(experiment.primary), speech);
  const others = experiment.arms.map((arm) => arm.variant).filter((each) => each !== experiment.control);
  const name = (group: Group) => (group.others ? t("exp.explore.others") : (group.value ?? t("exp.explore.absent")));
  const armOf = (group: Group, variant: string) => group.arms.find((arm) => arm.variant === variant);
  const columns: Column<Group>[] = [
    { key: "group", title: results.exploratoryProperty, heading: true, cell: name },
    ...experiment.arms.map(({ variant }): Column<Group> => ({
      key: `arm ${variant}`,
      title: variant,
      number: true,
      cell: (group) => (
        <>
          {write.estimate(armOf(group, variant)?.estimate)}
          <span className="flag-tags">{format.number(armOf(group, variant)?.units ?? 0)}</span>
        </>
      ),
    })),
    ...others.map((variant): Column<Group> => ({
      key: `difference ${variant}`,
      title: `${t("exp.arm.difference")}: ${variant}`,
      number: true,
      cell: (group) => {
        const found = group.comparisons.find((each) => each.variant === variant);
        return (
          <>
            {write.difference(found?.difference)}
            <span className="flag-tags">{intervalText(found?.lower, found?.upper, write.difference, t)}</span>
          </>
        );
      },
    })),
  ];
  return (
    <>
      <Table
        caption={`${t("exp.explore.label")}: ${results.exploratoryProperty}`}
        columns={columns}
        rows={results.exploratory}
        rowKey={(group) => `${String(group.others)} ${group.value ?? "\u0000"}`}
      />
      <p className="faint small">{t("exp.explore.oneLook")}</p>
    </>
  );
}
