import { useState } from "react";
import type { Message } from "../../api/methods";
import type { ApiProblem } from "../../api/problem";
import { Card } from "../../components/Card";
import { useNow } from "../../components/now";
import { Segmented } from "../../components/Segmented";
import { EmptyState, ErrorState, SkeletonLines } from "../../components/states";
import { useSpeech } from "../../i18n/language";
import { type Filter, FILTERS, narrowed } from "./lives";
import { LivesTable } from "./LivesTable";

interface Props {
  readonly answer: Message<"ListFlagLifecyclesResponse"> | undefined;
  readonly problem: ApiProblem | undefined;
  readonly retry: () => void;
}

/** Where each flag is in its life, and who evaluates it. */
export function LivesCard({ answer, problem, retry }: Props) {
  const { t } = useSpeech();
  const [filter, setFilter] = useState<Filter>("all");
  const known = answer?.exposuresUnknown === "";
  const offered = FILTERS.filter((each) => known || each !== "never");
  // A filter that is no longer offered filters nothing.
  const chosen = offered.includes(filter) ? filter : "all";
  const rows = answer === undefined ? undefined : narrowed(answer.flags, chosen, known);
  return (
    <Card
      title={t("prog.lives")}
      flush={rows !== undefined && rows.length > 0}
      actions={
        <Segmented
          label={t("prog.lives.filter")}
          options={offered.map((key) => ({ key, label: t(`prog.lives.${key}`) }))}
          chosen={chosen}
          onChoose={setFilter}
        />
      }
    >
      {problem !== undefined && answer === undefined ? (
        <ErrorState problem={problem} retry={retry} />
      ) : answer === undefined || rows === undefined ? (
        <SkeletonLines lines={8} />
      ) : rows.length === 0 ? (
        <EmptyState icon="flags" title={t("prog.lives.none")}>
          <p>{t("prog.lives.noneLead")}</p>
        </EmptyState>
      ) : (
        <>
          <Remark answer={answer} />
          <LivesTable lives={rows} known={known} />
        </>
      )}
    </Card>
  );
}

function Remark({ answer }: { readonly answer: Message<"ListFlagLifecyclesResponse"> }) {
  const { t, format } = useSpeech();
  const now = useNow(30_000);
  if (answer.exposuresUnknown !== "") {
    return <p className="programme-remark programme-warning">{t("prog.lives.unknown", { reason: answer.exposuresUnknown })}</p>;
  }
  const until = answer.completeUntil;
  return (
    <p className="programme-remark soft">
      {until === undefined
        ? t("prog.lives.plain")
        : t("prog.lives.until", { when: format.dateTime(new Date(until), now) })}
    </p>
  );
}
