import { useState } from "react";
import { useCall } from "../../../api/hooks";
import type { Message } from "../../../api/methods";
import { mayEdit, useSession } from "../../../api/session";
import { Button } from "../../../components/Button";
import { Dialog } from "../../../components/Dialog";
import { EmptyState, ErrorState, SkeletonLines } from "../../../components/states";
import { type Column, Table } from "../../../components/Table";
import { useSpeech } from "../../../i18n/language";
import { useScope } from "../../../shell/scope";
import { CohortDialog } from "../cohorts/CohortDialog";
import { type Question, SERVICE } from "../asking/question";

const MOST = 100;

type Person = Message<"FunnelPerson">;

interface Props {
  readonly question: Question;
  readonly funnel: NonNullable<Question["funnel"]>;
  /** Counted from 1. */
  readonly step: number;
  readonly onClose: () => void;
}

/** Who stopped at a step of a funnel. */
export function DroppedDialog({ question, funnel, step, onClose }: Props) {
  const { t, format } = useSpeech();
  const { environment } = useScope();
  const session = useSession();
  const [saving, setSaving] = useState(false);
  const scope = { ...question.scope, compare: false };
  const { data, problem, reload } = useCall(`${SERVICE}/RunReport`, {
    environment,
    question: { scope, funnelPeople: { funnel, step, dropped: true, limit: MOST } },
  });
  const people = data?.answer?.result?.funnelPeople?.people;
  const name = funnel.steps?.[step - 1]?.event ?? String(step);
  const columns: Column<Person>[] = [
    {
      key: "user",
      title: t("ana.column.user"),
      heading: true,
      cell: (row) => row.userId ?? <span className="faint">{t("ana.funnel.anonymous")}</span>,
    },
    { key: "tenant", title: t("ana.column.tenant"), cell: (row) => row.tenant },
    {
      key: "reached",
      title: t("ana.column.reached"),
      cell: (row) => (row.reached === undefined ? "" : format.dateTime(new Date(row.reached), new Date())),
    },
  ];
  if (saving && people !== undefined) {
    return (
      <CohortDialog
        name={t("ana.funnel.whoDropped", { step: name })}
        actors={people.map((each) => each.actor)}
        onClose={() => setSaving(false)}
        onDone={onClose}
      />
    );
  }
  return (
    <Dialog wide title={t("ana.funnel.whoDropped", { step: name })} onClose={onClose}>
      {problem !== undefined ? (
        <ErrorState problem={problem} retry={reload} />
      ) : people === undefined ? (
        <SkeletonLines lines={5} />
      ) : people.length === 0 ? (
        <EmptyState title={t("ana.funnel.nobodyDropped")} />
      ) : (
        <div className="stack">
          <p className="small soft">{t("ana.funnel.latest", { most: MOST })}</p>
          <Table
            caption={t("ana.funnel.whoDropped", { step: name })}
            columns={columns}
            rows={people}
            rowKey={(row) => row.actor}
          />
          {mayEdit(session) && (
            <div className="dialog-actions">
              <Button onClick={() => setSaving(true)}>{t("ana.funnel.toCohort")}</Button>
            </div>
          )}
        </div>
      )}
    </Dialog>
  );
}
