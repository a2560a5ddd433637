import { useState } from "react";
import { call } from "../../api/call";
import { asProblem, usePages } from "../../api/hooks";
import type { Message } from "../../api/methods";
import { mayEdit, useSession } from "../../api/session";
import { Badge } from "../../components/Badge";
import { Button } from "../../components/Button";
import { Card } from "../../components/Card";
import { useNow } from "../../components/now";
import { EmptyState, ErrorState, problemText, SkeletonLines } from "../../components/states";
import { type Column, Table } from "../../components/Table";
import { useToast } from "../../components/toasts";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { metricName } from "../live/names";
import { SilenceDialog } from "./SilenceDialog";

type Silence = Message<"Silence">;

/** Silences that are in force or to come, and on demand those that are over. */
export function Silences() {
  const { t } = useSpeech();
  const { environment, tenant } = useScope();
  const session = useSession();
  const [withEnded, setWithEnded] = useState(false);
  const [making, setMaking] = useState(false);
  const { pages, problem, more, reload } = usePages("mirante.api.metrics.v1.AlertService/ListSilences", {
    environment,
    withEnded,
  });
  const columns = useColumns(mayEdit(session), reload);
  const silences = pages?.flatMap((page) => page.silences).filter((each) => tenant === "" || ["", tenant].includes(each.tenant));
  return (
    <div className="stack">
      <div className="row row-between">
        <label className="check">
          <input type="checkbox" checked={withEnded} onChange={(event) => setWithEnded(event.target.checked)} />
          {t("alerts.silence.withEnded")}
        </label>
        {mayEdit(session) && (
          <Button icon="plus" look="primary" onClick={() => setMaking(true)}>
            {t("alerts.silence.new")}
          </Button>
        )}
      </div>
      <Card flush>
        {silences === undefined ? (
          problem === undefined ? (
            <SkeletonLines />
          ) : (
            <ErrorState problem={problem} retry={reload} />
          )
        ) : silences.length === 0 ? (
          <EmptyState title={t("alerts.silence.none")}>
            <p>{t("alerts.silence.noneLead")}</p>
          </EmptyState>
        ) : (
          <Table caption={t("alerts.tab.silences")} columns={columns} rows={silences} rowKey={(each) => each.id} />
        )}
      </Card>
      {more !== undefined && (
        <div>
          <Button onClick={more}>{t("action.more")}</Button>
        </div>
      )}
      {making && (
        <SilenceDialog
          first={{ tenant, metric: "", rule: "" }}
          onClose={() => setMaking(false)}
          onDone={() => {
            setMaking(false);
            reload();
          }}
        />
      )}
    </div>
  );
}

function useColumns(editing: boolean, reload: () => void): Column<Silence>[] {
  const { t, format } = useSpeech();
  const { environment } = useScope();
  const tell = useToast();
  const now = useNow(30_000);
  const time = (text: string | undefined) => (text === undefined ? "" : format.dateTime(new Date(text), now));
  const standing = (silence: Silence) => {
    if (Date.parse(silence.endTime ?? "") <= now.getTime()) return "past";
    return Date.parse(silence.startTime ?? "") > now.getTime() ? "future" : "now";
  };
  const end = (silence: Silence) => {
    call("mirante.api.metrics.v1.AlertService/EndSilence", { environment, silenceId: silence.id }).then(
      () => {
        tell(t("alerts.silence.ended"));
        reload();
      },
      (error: unknown) => tell(problemText(asProblem(error), t), "bad"),
    );
  };
  const covered = (silence: Silence) =>
    [silence.tenant, silence.metric === "" ? "" : metricName(silence.metric, t), silence.ruleKey].filter(Boolean);
  return [
    {
      key: "covers",
      title: t("alerts.silence.covers"),
      heading: true,
      cell: (silence) => (
        <span className="row">
          {covered(silence).map((each) => (
            <Badge key={each}>{each}</Badge>
          ))}
        </span>
      ),
    },
    { key: "reason", title: t("alerts.silence.reason"), cell: (silence) => silence.reason },
    {
      key: "state",
      title: t("alerts.column.state"),
      cell: (silence) => {
        const stands = standing(silence);
        if (stands === "now") return <Badge tone="accent">{t("alerts.silence.now")}</Badge>;
        if (stands === "future") return t("alerts.silence.future", { at: time(silence.startTime) });
        return silence.endedBy === "" ? t("alerts.silence.past") : t("alerts.silence.endedBy", { by: silence.endedBy });
      },
    },
    { key: "until", title: t("alerts.silence.until"), cell: (silence) => time(silence.endTime) },
    { key: "by", title: t("alerts.silence.by"), cell: (silence) => silence.createdBy },
    {
      key: "act",
      title: "",
      cell: (silence) =>
        editing && standing(silence) !== "past" && <Button onClick={() => end(silence)}>{t("alerts.silence.end")}</Button>,
    },
  ];
}
