import { useState } from "react";
import { call } from "../../../api/call";
import { useCall } from "../../../api/hooks";
import type { Message } from "../../../api/methods";
import { mayEdit, useSession } from "../../../api/session";
import { Button } from "../../../components/Button";
import { Card } from "../../../components/Card";
import { EmptyState, ErrorState, SkeletonLines } from "../../../components/states";
import { type Column, Table } from "../../../components/Table";
import { useToast } from "../../../components/toasts";
import { NOTHING } from "../../../i18n/format";
import { useSpeech } from "../../../i18n/language";
import { useScope } from "../../../shell/scope";
import { withDays } from "../asking/periods";
import { SERVICE } from "../asking/question";
import { RemoveDialog } from "../saved/RemoveDialog";
import { CohortDialog } from "./CohortDialog";
import { cohortSentence } from "./sentences";

const SIZE_DAYS = 90;
const FRESH = "300s";

type Cohort = Message<"Cohort">;

/** Saved cohorts, and how many people are in them. */
export default function CohortsTab() {
  const speech = useSpeech();
  const { t } = speech;
  const { environment } = useScope();
  const session = useSession();
  const tell = useToast();
  const { data, problem, reload } = useCall(`${SERVICE}/ListCohorts`, { environment });
  const [creating, setCreating] = useState(false);
  const [removing, setRemoving] = useState<Cohort>();
  const columns: Column<Cohort>[] = [
    { key: "name", title: t("saved.column.name"), heading: true, sort: (row) => row.info?.name, cell: (row) => row.info?.name },
    { key: "definition", title: t("cohorts.column.definition"), cell: (row) => cohortSentence(row.definition, speech) },
    { key: "size", title: t("cohorts.column.size"), number: true, cell: (row) => <Size cohort={row} /> },
    { key: "by", title: t("saved.column.by"), cell: (row) => row.info?.updatedBy },
    ...(mayEdit(session)
      ? [
          {
            key: "remove",
            title: "",
            cell: (row: Cohort) => (
              <Button
                look="quiet"
                icon="close"
                aria-label={t("saved.remove", { name: row.info?.name ?? "" })}
                onClick={() => setRemoving(row)}
              />
            ),
          },
        ]
      : []),
  ];
  const { id = "", name = "", revision = "0" } = removing?.info ?? {};
  return (
    <div className="stack">
      <div className="row row-between">
        <p className="soft">{t("cohorts.lead")}</p>
        {mayEdit(session) && (
          <Button look="primary" icon="plus" onClick={() => setCreating(true)}>
            {t("cohorts.new")}
          </Button>
        )}
      </div>
      <Card flush>
        {problem !== undefined ? (
          <ErrorState problem={problem} retry={reload} />
        ) : data === undefined ? (
          <SkeletonLines lines={5} />
        ) : data.cohorts.length === 0 ? (
          <EmptyState title={t("cohorts.none")}>
            <p>{t("cohorts.noneLead")}</p>
          </EmptyState>
        ) : (
          <Table caption={t("ana.tab.cohorts")} columns={columns} rows={data.cohorts} rowKey={(row) => row.info?.id ?? ""} />
        )}
      </Card>
      {creating && (
        <CohortDialog
          onClose={() => setCreating(false)}
          onDone={() => {
            setCreating(false);
            reload();
          }}
        />
      )}
      {removing !== undefined && (
        <RemoveDialog
          title={t("saved.remove", { name })}
          lead={t("saved.removeSure", { name })}
          remove={() => call(`${SERVICE}/DeleteCohort`, { environment, cohortId: id, revision })}
          onClose={() => setRemoving(undefined)}
          onDone={() => {
            setRemoving(undefined);
            tell(t("saved.removed", { name }));
            reload();
          }}
        />
      )}
    </div>
  );
}

/** Its people who did anything lately; found anew, as in every report. */
function Size({ cohort }: { readonly cohort: Cohort }) {
  const { format } = useSpeech();
  const { environment, tenant } = useScope();
  const cohortId = cohort.info?.id ?? "";
  const scope = { ...withDays({}, SIZE_DAYS), cohorts: [{ cohortId }], ...(tenant === "" ? {} : { tenant }) };
  const { data } = useCall(`${SERVICE}/RunReport`, {
    environment,
    question: { scope, series: { measure: "SERIES_MEASURE_ACTORS", unit: "CALENDAR_UNIT_MONTH" } },
    freshWithin: FRESH,
  });
  const total = data?.answer?.result?.series?.total;
  return total === undefined ? NOTHING : format.number(total);
}
