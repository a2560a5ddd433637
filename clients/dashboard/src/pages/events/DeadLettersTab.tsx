import { useState } from "react";
import { useSearch } from "wouter";
import { call } from "../../api/call";
import { useAction, useCall } from "../../api/hooks";
import type { Message } from "../../api/methods";
import { mayEdit, useSession } from "../../api/session";
import { Button } from "../../components/Button";
import { Card } from "../../components/Card";
import { Dialog } from "../../components/Dialog";
import { FormProblem } from "../../components/FormProblem";
import { EmptyState, ErrorState, SkeletonLines } from "../../components/states";
import { useToast } from "../../components/toasts";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { DeadLetterRow } from "./DeadLetterRow";

const PAGE = 50;
const METHOD = "mirante.api.telemetry.v1.CatalogueService/ListDeadLetters";

/** What was rejected, and why; and taking it through the catalogue again. */
export function DeadLettersTab() {
  const { t } = useSpeech();
  const { environment } = useScope();
  const editor = mayEdit(useSession());
  const search = useSearch();
  const [name, setName] = useState(() => new URLSearchParams(search).get("name") ?? "");
  const [includeReplayed, setIncludeReplayed] = useState(false);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [replaying, setReplaying] = useState<readonly string[]>();
  const letters = useLetters({ environment, name, includeReplayed, pageSize: PAGE });
  const names = useNames(environment, name);
  const { shown } = letters;
  const waiting = (shown ?? []).filter((each) => each.replayedAt === undefined).map((each) => each.id);
  const selected = waiting.filter((id) => chosen.has(id));
  const choose = (ids: readonly string[], on: boolean) => {
    const next = new Set(chosen);
    for (const id of ids) if (on) next.add(id);
      else next.delete(id);
    setChosen(next);
  };
  return (
    <div className="stack">
      <div className="row dead-filters">
        <select className="input" aria-label={t("events.dead.name")} value={name} onChange={(event) => setName(event.target.value)}>
          <option value="">{t("events.tail.allNames")}</option>
          {names.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
        <label className="check">
          <input
            type="checkbox"
            checked={includeReplayed}
            onChange={(event) => setIncludeReplayed(event.target.checked)}
          />
          {t("events.dead.withReplayed")}
        </label>
        {editor && waiting.length > 0 && (
          <div className="row dead-actions">
            <Button disabled={selected.length === 0} onClick={() => setReplaying(selected)}>
              {t("events.dead.replaySelected", { count: selected.length })}
            </Button>
            <Button look="primary" onClick={() => setReplaying([])}>
              {name === "" ? t("events.dead.replayAll") : t("events.dead.replayAllOf", { name })}
            </Button>
          </div>
        )}
      </div>
      <Card flush={(shown ?? []).length > 0}>
        {shown === undefined ? (
          letters.problem === undefined ? (
            <SkeletonLines lines={6} />
          ) : (
            <ErrorState problem={letters.problem} retry={letters.reload} />
          )
        ) : shown.length === 0 ? (
          <EmptyState icon="check" title={t("events.dead.none")}>
            <p>{t("events.dead.noneLead")}</p>
          </EmptyState>
        ) : (
          <>
            {editor && waiting.length > 0 && (
              <label className="check dead-all small">
                <input
                  type="checkbox"
                  checked={selected.length === waiting.length}
                  onChange={(event) => choose(waiting, event.target.checked)}
                />
                {t("events.dead.selectAll")}
              </label>
            )}
            <ol className="tail" aria-label={t("events.dead.list")}>
              {shown.map((letter) => (
                <DeadLetterRow
                  key={letter.id}
                  letter={letter}
                  chosen={chosen.has(letter.id)}
                  {...(editor && letter.replayedAt === undefined
                    ? { onChoose: (on: boolean) => choose([letter.id], on), onReplay: () => setReplaying([letter.id]) }
                    : {})}
                />
              ))}
            </ol>
          </>
        )}
      </Card>
      <FormProblem problem={letters.moreProblem} />
      {letters.more !== undefined && (
        <div>
          <Button onClick={letters.more}>{t("action.more")}</Button>
        </div>
      )}
      {replaying !== undefined && (
        <ReplayDialog
          request={{ environment, name, ids: [...replaying] }}
          onClose={() => setReplaying(undefined)}
          onDone={() => {
            setChosen(new Set());
            letters.reload();
          }}
        />
      )}
    </div>
  );
}

/** The letters page by page, the newest first. */
function useLetters(request: Message<"ListDeadLettersRequest">) {
  const key = JSON.stringify(request);
  const first = useCall(METHOD, request);
  const [older, setOlder] = useState<{ key: string; pages: readonly Message<"ListDeadLettersResponse">[] }>({ key, pages: [] });
  const pages = first.data === undefined ? [] : [first.data, ...(older.key === key ? older.pages : [])];
  const last = pages[pages.length - 1];
  // Pages may be short; the one without letters is the last.
  const token = last === undefined || last.deadLetters.length === 0 ? "" : last.nextPageToken;
  const more = useAction(async () => {
    const page = await call(METHOD, { ...request, pageToken: token });
    setOlder((before) => ({ key, pages: [...(before.key === key ? before.pages : []), page] }));
  });
  return {
    shown: first.data === undefined ? undefined : pages.flatMap((page) => page.deadLetters),
    problem: first.problem,
    more: token === "" ? undefined : () => void more.run(),
    moreProblem: more.problem,
    reload: () => {
      setOlder({ key, pages: [] });
      first.reload();
    },
  };
}

/** The names of events of which something was rejected in a month, and the chosen one. */
function useNames(environment: string, chosen: string): string[] {
  const { data } = useCall("mirante.api.telemetry.v1.CatalogueService/GetCoverage", { environment, days: 30 });
  const names = new Set((data?.rows ?? []).filter((row) => row.deadLetters !== "0").map((row) => row.name));
  if (chosen !== "") names.add(chosen);
  return [...names].sort();
}

interface ReplayProps {
  readonly request: Message<"ReplayDeadLettersRequest">;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function ReplayDialog({ request, onClose, onDone }: ReplayProps) {
  const { t, format } = useSpeech();
  const tell = useToast();
  const replay = useAction(async () => {
    const answer = await call("mirante.api.telemetry.v1.CatalogueService/ReplayDeadLetters", request);
    const { stored, duplicates, left } = answer;
    const counts = { stored: format.number(stored), duplicates: format.number(duplicates), left: format.number(left) };
    tell(t("events.dead.outcome", counts));
    onDone();
    onClose();
  });
  const count = request.ids?.length ?? 0;
  const name = request.name ?? "";
  const all = name === "" ? t("events.dead.replayAll") : t("events.dead.replayAllOf", { name });
  const some = count === 1 ? t("events.dead.replayOne") : t("events.dead.replaySelected", { count });
  const label = count === 0 ? all : some;
  return (
    <Dialog title={t("events.dead.replayTitle")} onClose={onClose} busy={replay.pending}>
      <div className="stack">
        <p>{t("events.dead.replayLead")}</p>
        <FormProblem problem={replay.problem} />
        <div className="dialog-actions">
          <Button onClick={onClose} disabled={replay.pending}>
            {t("action.cancel")}
          </Button>
          <Button look="primary" disabled={replay.pending} onClick={() => void replay.run()}>
            {label}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
