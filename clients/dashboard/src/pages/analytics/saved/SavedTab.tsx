import { useState } from "react";
import { Link } from "wouter";
import { call } from "../../../api/call";
import { useCall } from "../../../api/hooks";
import type { Message } from "../../../api/methods";
import { mayEdit, useSession } from "../../../api/session";
import { Button } from "../../../components/Button";
import { Card } from "../../../components/Card";
import { EmptyState, ErrorState, SkeletonLines } from "../../../components/states";
import { type Column, Table } from "../../../components/Table";
import { useToast } from "../../../components/toasts";
import { useSpeech } from "../../../i18n/language";
import { useScope } from "../../../shell/scope";
import { textOf } from "../asking/address";
import { kindOf, memberOf, SERVICE } from "../asking/question";
import { questionOf } from "../asking/reading";
import { RemoveDialog } from "./RemoveDialog";

type Report = Message<"SavedReport">;

/** Questions with a name. */
export default function SavedTab() {
  const { t, format } = useSpeech();
  const { environment, href } = useScope();
  const session = useSession();
  const tell = useToast();
  const { data, problem, reload } = useCall(`${SERVICE}/ListSavedReports`, { environment });
  const [removing, setRemoving] = useState<Report>();
  const address = (report: Report) => {
    const question = questionOf(report.question);
    return question && `${href("/analises/explorar")}&${new URLSearchParams({ q: textOf(question) }).toString()}`;
  };
  const columns: Column<Report>[] = [
    {
      key: "name",
      title: t("saved.column.name"),
      heading: true,
      sort: (row) => row.info?.name,
      cell: (row) => {
        const to = address(row);
        return (
          <>
            {to === undefined ? row.info?.name : <Link href={to}>{row.info?.name}</Link>}
            <div className="faint small saved-description">{row.info?.description}</div>
          </>
        );
      },
    },
    {
      key: "report",
      title: t("saved.column.report"),
      cell: (row) => {
        const kind = kindOf(row.question ?? {});
        return kind === undefined ? memberOf(row.question ?? {}) : t(`explore.kind.${kind}`);
      },
    },
    { key: "by", title: t("saved.column.by"), cell: (row) => row.info?.updatedBy },
    {
      key: "at",
      title: t("saved.column.at"),
      sort: (row) => row.info?.updatedAt,
      cell: (row) => (row.info?.updatedAt === undefined ? "" : format.dateTime(new Date(row.info.updatedAt), new Date())),
    },
    ...(mayEdit(session)
      ? [
          {
            key: "remove",
            title: "",
            cell: (row: Report) => (
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
    <Card flush>
      {problem !== undefined ? (
        <ErrorState problem={problem} retry={reload} />
      ) : data === undefined ? (
        <SkeletonLines lines={5} />
      ) : data.reports.length === 0 ? (
        <EmptyState title={t("saved.none")}>
          <p>{t("saved.noneLead")}</p>
        </EmptyState>
      ) : (
        <Table caption={t("ana.tab.saved")} columns={columns} rows={data.reports} rowKey={(row) => row.info?.id ?? ""} />
      )}
      {removing !== undefined && (
        <RemoveDialog
          title={t("saved.remove", { name })}
          lead={t("saved.removeSure", { name })}
          remove={() => call(`${SERVICE}/DeleteSavedReport`, { environment, reportId: id, revision })}
          onClose={() => setRemoving(undefined)}
          onDone={() => {
            setRemoving(undefined);
            tell(t("saved.removed", { name }));
            reload();
          }}
        />
      )}
    </Card>
  );
}
