import { useState } from "react";
import { Link, useLocation } from "wouter";
import { useCall } from "../../api/hooks";
import { mayEdit, useSession } from "../../api/session";
import { Icon } from "../../components/icons";
import { EmptyState, ErrorState, SkeletonLines } from "../../components/states";
import { Tabs } from "../../components/Tabs";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { ExperimentBadge } from "./badges";
import { DesignTab } from "./design/DesignTab";
import { ExperimentActions } from "./ExperimentActions";
import { HistoryTab } from "./HistoryTab";
import { ReportTab } from "./report/ReportTab";
import { ResultTab } from "./result/ResultTab";
import { type Experiment, type ExperimentRecord, SERVICE } from "./types";

const TABS = ["result", "design", "report", "history"] as const;
/** Parts of an address. */
const SLUGS = { result: "", design: "/desenho", report: "/relatorio", history: "/historico" } as const;
const POLL_MS = 15_000;

interface Props {
  readonly experimentKey: string;
  readonly tab: string | undefined;
}

/** One experiment. */
export function ExperimentPage({ experimentKey, tab }: Props) {
  const { t } = useSpeech();
  const { environment, href } = useScope();
  const { data, problem, reload } = useCall(`${SERVICE}/GetExperiment`, { environment, experimentKey }, POLL_MS);
  const [answered, setAnswered] = useState<ExperimentRecord>();
  const record = newest(data?.record, answered);
  const experiment = record?.experiment;
  return (
    <>
      <Link className="back-link" href={href("/experimentos")}>
        <Icon name="back" />
        {t("exp.back")}
      </Link>
      {record !== undefined && experiment !== undefined ? (
        <Known record={record} experiment={experiment} tab={tab} onChanged={setAnswered} />
      ) : problem === undefined ? (
        <SkeletonLines lines={8} />
      ) : problem.status === 404 ? (
        <EmptyState icon="experiments" title={t("exp.absent")} />
      ) : (
        <ErrorState problem={problem} retry={reload} />
      )}
    </>
  );
}

function newest(one: ExperimentRecord | undefined, other: ExperimentRecord | undefined): ExperimentRecord | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return BigInt(one.version) >= BigInt(other.version) ? one : other;
}

interface KnownProps {
  readonly record: ExperimentRecord;
  readonly experiment: Experiment;
  readonly tab: string | undefined;
  readonly onChanged: (record: ExperimentRecord) => void;
}

function Known({ record, experiment, tab, onChanged }: KnownProps) {
  const { t } = useSpeech();
  const { href } = useScope();
  const [, navigate] = useLocation();
  const editor = mayEdit(useSession());
  const started = record.startedAt !== undefined;
  const chosen = TABS.find((each) => tab !== undefined && SLUGS[each] === `/${tab}`) ?? (started ? "result" : "design");
  return (
    <>
      <div className="page-head">
        <h1 className="mono">{experiment.key}</h1>
        <ExperimentBadge state={record.state} />
        <Link className="mono small" href={href(`/flags/flag/${experiment.flagKey}`)}>
          {experiment.flagKey}
        </Link>
        {editor && <ExperimentActions record={record} experiment={experiment} onChanged={onChanged} />}
        <p className="page-note">{experiment.hypothesis}</p>
      </div>
      <Tabs
        label={experiment.key}
        tabs={TABS.filter((each) => started || each !== "result").map((key) => ({ key, label: t(`exp.tab.${key}`) }))}
        chosen={chosen}
        onChoose={(key) => navigate(href(`/experimentos/experimento/${experiment.key}${SLUGS[key]}`), { replace: true })}
      >
        {chosen === "result" && <ResultTab record={record} experiment={experiment} />}
        {chosen === "design" && <DesignTab record={record} experiment={experiment} />}
        {chosen === "report" && <ReportTab record={record} experimentKey={experiment.key} />}
        {chosen === "history" && <HistoryTab key={record.version} experimentKey={experiment.key} />}
      </Tabs>
    </>
  );
}
