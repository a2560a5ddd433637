import { useDeferredValue, useEffect, useState } from "react";
import { useSearch } from "wouter";
import { useCall } from "../../api/hooks";
import { Badge } from "../../components/Badge";
import { Button } from "../../components/Button";
import { Card } from "../../components/Card";
import { EmptyState, ErrorState } from "../../components/states";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { EventRow } from "./EventRow";
import { useTail } from "./following";
import { idOf, matches } from "./tail";

/** Typing an id asks for a stream once it has paused for so long. */
const TYPING_MS = 500;

/** Events as they come in. */
export function TailTab() {
  const { t, counted, format } = useSpeech();
  const { environment, tenant } = useScope();
  const search = useSearch();
  const [name, setName] = useState(() => new URLSearchParams(search).get("name") ?? "");
  const [user, setUser] = useState("");
  const [text, setText] = useState("");
  const userId = useSettled(user.trim(), TYPING_MS);
  const wanted = useDeferredValue(text);
  const { tail, open, problem, paused, pause, resume } = useTail({ environment, tenant, name, userId });
  const names = useNames(environment, name);
  const found = tail.shown.filter((each) => matches(each, wanted));
  const only = (next: { name?: string; userId?: string }) => {
    if (next.name !== undefined) setName(next.name);
    if (next.userId !== undefined) setUser(next.userId);
  };
  return (
    <div className="stack">
      <div className="tail-filters" role="search">
        <select className="input" aria-label={t("events.tail.name")} value={name} onChange={(event) => setName(event.target.value)}>
          <option value="">{t("events.tail.allNames")}</option>
          {names.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
        <input
          className="input"
          type="search"
          aria-label={t("events.tail.user")}
          placeholder={`${t("events.tail.user")}: ${t("events.tail.userHint")}`}
          value={user}
          onChange={(event) => setUser(event.target.value)}
        />
        <input
          className="input"
          type="search"
          aria-label={t("events.tail.text")}
          placeholder={t("events.tail.text")}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <span className="tail-status" role="status">
          <Badge dot tone={paused ? "warn" : open ? "good" : "plain"}>
            {t(paused ? "events.tail.paused" : open ? "events.tail.live" : "events.tail.opening")}
          </Badge>
        </span>
        <Button icon={paused ? "play" : "pause"} look={paused ? "primary" : "plain"} onClick={paused ? resume : pause}>
          {t(paused ? "events.tail.resume" : "events.tail.pause")}
        </Button>
      </div>
      {paused && tail.waited > 0 && (
        <button type="button" className="tail-waiting" onClick={resume}>
          {counted("events.tail.waiting", tail.waited)}
        </button>
      )}
      {tail.missed > 0 && <p className="small soft">{counted("events.tail.missed", tail.missed)}</p>}
      <Card flush={found.length > 0}>
        {problem !== undefined ? (
          <ErrorState problem={problem} />
        ) : found.length === 0 ? (
          <EmptyState icon="events" title={t(tail.shown.length === 0 ? "events.tail.none" : "events.tail.noneFound")}>
            {tail.shown.length === 0 && <p>{t("events.tail.noneLead")}</p>}
          </EmptyState>
        ) : (
          <ol className="tail" aria-label={t("events.tail.list")}>
            {found.map((stored) => (
              <EventRow key={idOf(stored)} stored={stored} ofOne={tenant !== ""} onOnly={only} />
            ))}
          </ol>
        )}
      </Card>
      {found.length > 0 && <p className="small soft">{t("events.tail.shown", { count: format.number(found.length) })}</p>}
    </div>
  );
}

/** The names of events that are declared, and the chosen one. */
function useNames(environment: string, chosen: string): string[] {
  const { data } = useCall("mirante.api.telemetry.v1.CatalogueService/GetCatalogue", { environment });
  const names = new Set((data?.catalogue?.events ?? []).map((each) => each.name));
  if (chosen !== "") names.add(chosen);
  return [...names].sort();
}

/** Returns a value once it has stayed the same for a while. */
function useSettled(value: string, ms: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
