import { useEffect, useState } from "react";
import { call } from "../../api/call";
import { useAction, useCall } from "../../api/hooks";
import type { Message } from "../../api/methods";
import { Badge } from "../../components/Badge";
import { Button } from "../../components/Button";
import { Card } from "../../components/Card";
import { FormProblem } from "../../components/FormProblem";
import { useNow } from "../../components/now";
import { ErrorState, SkeletonLines } from "../../components/states";
import { useToast } from "../../components/toasts";
import { useSpeech } from "../../i18n/language";
import { AskDialog } from "./AskDialog";
import { namedByPath } from "./changes";
import { Diff } from "./Diff";
import type { Flag, FlagRecord } from "./types";

const PAGE = 20;
const CHANGES_SHOWN = 8;
const TONES: Partial<Record<Message<"HistoryAction">, "bad" | "good" | "accent" | "warn">> = {
  HISTORY_ACTION_KILL: "bad",
  HISTORY_ACTION_RESTORE: "good",
  HISTORY_ACTION_CREATE: "good",
  HISTORY_ACTION_ROLL_BACK: "warn",
  HISTORY_ACTION_PROMOTE: "accent",
  HISTORY_ACTION_IMPORT: "accent",
};

interface Props {
  readonly environment: string;
  readonly record: FlagRecord;
  readonly flag: Flag;
  readonly editor: boolean;
  readonly onChanged: (record: FlagRecord) => void;
}

/** Every version: who made it, when, why, and what it changed. */
export function HistoryTab({ environment, record, flag, editor, onChanged }: Props) {
  const { t } = useSpeech();
  const request = { environment, flagKey: flag.key, pageSize: PAGE };
  const first = useCall("mirante.api.flags.v1.FlagAdminService/GetFlagHistory", request);
  const { reload } = first;
  const [older, setOlder] = useState<readonly Message<"GetFlagHistoryResponse">[]>([]);
  const [back, setBack] = useState<string>();
  useEffect(() => {
    setOlder([]);
    reload();
  }, [record.etag, reload]);
  const more = useAction(async (pageToken: string) => {
    const page = await call("mirante.api.flags.v1.FlagAdminService/GetFlagHistory", { ...request, pageToken });
    setOlder((before) => [...before, page]);
  });
  if (first.data === undefined) {
    return first.problem === undefined ? <SkeletonLines lines={6} /> : <ErrorState problem={first.problem} retry={reload} />;
  }
  const pages = [first.data, ...older];
  const token = pages[pages.length - 1]?.nextPageToken ?? "";
  return (
    <div className="stack">
      <Card flush>
        <ol className="history">
          {pages.flatMap((page) => page.entries).map((entry) => (
            <Entry
              key={entry.version}
              entry={entry}
              current={entry.version === flag.version}
              {...(editor && (entry.version !== flag.version || record.archived) ? { onBack: () => setBack(entry.version) } : {})}
            />
          ))}
        </ol>
      </Card>
      <FormProblem problem={more.problem} />
      {token !== "" && (
        <div>
          <Button disabled={more.pending} onClick={() => void more.run(token)}>
            {t("action.more")}
          </Button>
        </div>
      )}
      {back !== undefined && (
        <RollBack {...{ environment, record, flag, onChanged }} version={back} onClose={() => setBack(undefined)} />
      )}
    </div>
  );
}

interface EntryProps {
  readonly entry: Message<"HistoryEntry">;
  readonly current: boolean;
  readonly onBack?: () => void;
}

function Entry({ entry, current, onBack }: EntryProps) {
  const { t, format, counted } = useSpeech();
  const now = useNow(60_000);
  const [all, setAll] = useState(false);
  const at = entry.at === undefined ? undefined : new Date(entry.at);
  const shown = all ? entry.changes : entry.changes.slice(0, CHANGES_SHOWN);
  const hidden = entry.changes.length - shown.length;
  return (
    <li className="history-entry">
      <div className="history-head">
        <div className="row">
          <strong>{t("flags.history.version", { version: entry.version })}</strong>
          <Badge tone={TONES[entry.action] ?? "plain"}>{t(`flags.history.action.${entry.action}`)}</Badge>
          {current && <Badge tone="accent">{t("flags.history.current")}</Badge>}
        </div>
        <span className="soft small">
          {entry.actor}
          {at !== undefined && (
            <>
              {" · "}
              <time dateTime={entry.at} title={format.ago(at, now)}>
                {format.dateTime(at, now)}
              </time>
            </>
          )}
        </span>
        {onBack !== undefined && (
          <Button look="quiet" className="history-back" onClick={onBack}>
            {t("flags.history.rollBack")}
          </Button>
        )}
      </div>
      {entry.comment !== "" && <p className="history-comment">{entry.comment}</p>}
      {entry.changes.length > 0 && <Diff changes={namedByPath(shown)} paths />}
      {hidden > 0 && (
        <Button look="quiet" onClick={() => setAll(true)}>
          {counted("flags.history.more", hidden)}
        </Button>
      )}
    </li>
  );
}

interface RollBackProps extends Omit<Props, "editor"> {
  readonly version: string;
  readonly onClose: () => void;
}

function RollBack({ environment, record, flag, version, onChanged, onClose }: RollBackProps) {
  const { t } = useSpeech();
  const tell = useToast();
  return (
    <AskDialog
      title={t("flags.history.rollBackTitle", { flag: flag.key, version })}
      submit={t("flags.history.rollBack")}
      onClose={onClose}
      act={async (comment) => {
        const request = { environment, flagKey: flag.key, version, etag: record.etag, comment };
        const answer = await call("mirante.api.flags.v1.FlagAdminService/RollBackFlag", request);
        if (answer.record !== undefined) onChanged(answer.record);
        tell(t("flags.history.rolledBack", { version }));
      }}
    >
      <p>{t("flags.history.rollBackLead", { version })}</p>
    </AskDialog>
  );
}
