/** Calls and streams for components. */
import { useCallback, useEffect, useEffectEvent, useRef, useState } from "react";
import { call } from "./call";
import { noteStream } from "./connection";
import type { RequestOf, ResponseOf, Streaming, Unary } from "./methods";
import { ApiProblem, unreachable } from "./problem";
import { stream } from "./stream";

/** What is known of a call: never `data` of another request than the present one. */
export interface Answer<Body> {
  readonly data: Body | undefined;
  /** Of the last attempt; `data` of an earlier one may still be there. */
  readonly problem: ApiProblem | undefined;
  readonly loading: boolean;
  readonly reload: () => void;
}

interface Known<Body> {
  readonly key: string;
  readonly data?: Body | undefined;
  readonly problem?: ApiProblem | undefined;
}

/** Makes any failure a problem. */
export function asProblem(error: unknown): ApiProblem {
  return error instanceof ApiProblem ? error : unreachable();
}

/**
 * Calls a method when it is drawn, and again when the request changes.
 *
 * @param body - null: nothing is called
 * @param everyMs - also called again so often, while the page is visible
 */
export function useCall<Name extends Unary>(
  method: Name,
  body: RequestOf<Name> | null,
  everyMs?: number,
): Answer<ResponseOf<Name>> {
  const key = `${method} ${JSON.stringify(body)}`;
  const [known, setKnown] = useState<Known<ResponseOf<Name>>>({ key: "" });
  const [turn, setTurn] = useState(0);
  const [loading, setLoading] = useState(false);
  const ask = useEffectEvent(async (signal: AbortSignal) => {
    if (body === null) return;
    setLoading(true);
    try {
      const data = await call(method, body, signal);
      if (!signal.aborted) setKnown({ key, data });
    } catch (error) {
      const problem = asProblem(error);
      if (!signal.aborted) setKnown((before) => (before.key === key ? { ...before, problem } : { key, problem }));
    } finally {
      if (!signal.aborted) setLoading(false);
    }
  });
  useEffect(() => {
    const end = new AbortController();
    void ask(end.signal);
    const again = () => {
      if (document.visibilityState === "visible") void ask(end.signal);
    };
    const timer = everyMs === undefined ? undefined : setInterval(again, everyMs);
    return () => {
      end.abort();
      clearInterval(timer);
    };
  }, [key, turn, everyMs]);
  const reload = useCallback(() => setTurn((before) => before + 1), []);
  const current = known.key === key;
  return {
    data: current ? known.data : undefined,
    problem: current ? known.problem : undefined,
    loading: body !== null && (loading || !current),
    reload,
  };
}

/** Methods that answer page by page. */
type Paged = {
  [Name in Unary]: ResponseOf<Name> extends { nextPageToken: string } ? Name : never;
}[Unary];

/** Pages that are known, the first ones first. */
export interface Pages<Body> {
  readonly pages: readonly Body[] | undefined;
  readonly problem: ApiProblem | undefined;
  readonly loading: boolean;
  /** Asks for the next page; undefined when there is none. */
  readonly more: (() => void) | undefined;
  /** Begins anew. */
  readonly reload: () => void;
}

/**
 * Calls a method that answers page by page.
 *
 * @param body - null: nothing is called
 */
export function usePages<Name extends Paged>(method: Name, body: RequestOf<Name> | null): Pages<ResponseOf<Name>> {
  const first = useCall(method, body);
  const [rest, setRest] = useState<{ of: unknown; pages: readonly ResponseOf<Name>[] }>({ of: undefined, pages: [] });
  const [failed, setFailed] = useState<ApiProblem>();
  const [loading, setLoading] = useState(false);
  const pages = first.data === undefined ? undefined : [first.data, ...(rest.of === first.data ? rest.pages : [])];
  const last = pages?.at(-1) as { readonly nextPageToken: string } | undefined;
  const token = last?.nextPageToken ?? "";
  const more = async () => {
    setLoading(true);
    setFailed(undefined);
    try {
      const next = await call(method, Object.assign({}, body, { pageToken: token }) as RequestOf<Name>);
      setRest((before) => ({ of: first.data, pages: [...(before.of === first.data ? before.pages : []), next] }));
    } catch (error) {
      setFailed(asProblem(error));
    } finally {
      setLoading(false);
    }
  };
  return {
    pages,
    problem: first.problem ?? failed,
    loading: first.loading || loading,
    more: token === "" || loading ? undefined : () => void more(),
    reload: first.reload,
  };
}

/** A change that a person asks for. */
export interface Action<Arguments extends unknown[]> {
  /** Runs it, and says whether it succeeded. Asked again while it runs, it does nothing. */
  readonly run: (...values: Arguments) => Promise<boolean>;
  readonly pending: boolean;
  readonly problem: ApiProblem | undefined;
  readonly clear: () => void;
}

/** Wraps a change: one at a time, and its problem is kept for the form. */
export function useAction<Arguments extends unknown[]>(
  change: (...values: Arguments) => Promise<unknown>,
): Action<Arguments> {
  const [pending, setPending] = useState(false);
  const [problem, setProblem] = useState<ApiProblem>();
  const running = useRef(false);
  const run = async (...values: Arguments) => {
    if (running.current) return false;
    running.current = true;
    setPending(true);
    setProblem(undefined);
    try {
      await change(...values);
      return true;
    } catch (error) {
      setProblem(asProblem(error));
      return false;
    } finally {
      running.current = false;
      setPending(false);
    }
  };
  return { run, pending, problem, clear: () => setProblem(undefined) };
}

/** How a stream stands. */
export interface StreamStanding {
  readonly open: boolean;
  readonly problem: ApiProblem | undefined;
}

/**
 * Keeps a stream open while it is drawn, and opens another one when `key` changes.
 *
 * @param key - what the stream is about; null: there is none
 * @param request - asked at each opening, so that it can say where the reader stands
 */
export function useStream<Name extends Streaming>(
  method: Name,
  key: string | null,
  request: () => RequestOf<Name>,
  message: (message: ResponseOf<Name>) => void,
): StreamStanding {
  const [standing, setStanding] = useState<StreamStanding & { key: string | null }>({
    key: null,
    open: false,
    problem: undefined,
  });
  const ask = useEffectEvent(request);
  const tell = useEffectEvent(message);
  useEffect(() => {
    if (key === null) return;
    const end = new AbortController();
    const token = {};
    const ears = {
      message: (each: ResponseOf<Name>) => tell(each),
      open: (open: boolean) => {
        noteStream(token, !open);
        setStanding({ key, open, problem: undefined });
      },
      refused: (problem: ApiProblem) => {
        noteStream(token, false);
        setStanding({ key, open: false, problem });
      },
    };
    void stream(method, () => ask(), ears, end.signal);
    return () => {
      end.abort();
      noteStream(token, false);
    };
  }, [method, key]);
  return standing.key === key ? standing : { open: false, problem: undefined };
}
