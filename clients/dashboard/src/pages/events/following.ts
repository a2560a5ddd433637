/** The live tail as a stream brings it. */
import { useEffect, useRef, useState } from "react";
import { useStream } from "../../api/hooks";
import type { Message } from "../../api/methods";
import type { ApiProblem } from "../../api/problem";
import { Throttle } from "../../api/throttle";
import { NOTHING_YET, received, resumed, type Tail } from "./tail";

/** People do not read faster. */
const DRAW_MS = 300;
/** How many of the past are asked for first. */
const FIRST = 50;

/** Which events are followed; empty: all. */
export interface Following {
  readonly environment: string;
  readonly tenant: string;
  readonly name: string;
  readonly userId: string;
}

/** The tail, and what steers it. */
export interface Followed {
  readonly tail: Tail;
  readonly open: boolean;
  readonly problem: ApiProblem | undefined;
  readonly paused: boolean;
  readonly pause: () => void;
  readonly resume: () => void;
}

/** Follows events while it is drawn. Another filter begins anew. */
export function useTail(following: Following): Followed {
  const key = JSON.stringify(following);
  const [state, setState] = useState({ key, tail: NOTHING_YET });
  const [paused, setPaused] = useState(false);
  const held = useRef(false);
  const fresh = useRef<{ events: Message<"StoredEvent">[]; missed: number }>({ events: [], missed: 0 });
  const [drawing] = useState(
    () =>
      new Throttle(DRAW_MS, () => {
        const { events, missed } = fresh.current;
        fresh.current = { events: [], missed: 0 };
        setState((before) => ({ ...before, tail: received(before.tail, events, missed, held.current) }));
      }),
  );
  useEffect(() => drawing.cancel, [drawing]);
  if (state.key !== key) setState({ key, tail: NOTHING_YET });
  useEffect(() => {
    fresh.current = { events: [], missed: 0 };
  }, [key]);
  const { environment, tenant, name, userId } = following;
  const { open, problem } = useStream(
    "mirante.api.telemetry.v1.EventLogService/TailEvents",
    key,
    () => ({ environment, tenant, userId, names: name === "" ? [] : [name], last: FIRST }),
    (message) => {
      fresh.current.events.push(...message.events);
      fresh.current.missed += Number(message.missed);
      drawing.ask();
    },
  );
  const hold = (next: boolean) => {
    held.current = next;
    setPaused(next);
    if (!next) setState((before) => ({ ...before, tail: resumed(before.tail) }));
  };
  return { tail: state.tail, open, problem, paused, pause: () => hold(true), resume: () => hold(false) };
}
