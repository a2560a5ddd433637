/** Streams of the gateway: opened again whenever they end, until they are aborted. */
import { waitMs } from "./backoff";
import { HEADERS, noted, send } from "./call";
import type { RequestOf, ResponseOf, Streaming } from "./methods";
import { ApiProblem, problemOf, unreachable } from "./problem";
import { SseParser } from "./sse";

/** A stream that has not even brought a comment for so long is taken as broken. */
const SILENCE_MS = 25_000;

/** What a stream tells. */
export interface StreamEars<Body> {
  readonly message: (message: Body) => void;
  /** Whether it is open now. Told at each change. */
  readonly open?: (open: boolean) => void;
  /** It was refused for good and is not tried again. */
  readonly refused?: (problem: ApiProblem) => void;
}

/**
 * Opens a stream and keeps it open until `signal` is aborted.
 *
 * @param request - asked before each attempt, so that it can say where it stands
 */
export async function stream<Name extends Streaming>(
  method: Name,
  request: () => RequestOf<Name>,
  ears: StreamEars<ResponseOf<Name>>,
  signal: AbortSignal,
): Promise<void> {
  const over = () => signal.aborted;
  let failures = 0;
  while (!over()) {
    let problem = unreachable();
    try {
      await readOnce(`/api/${method}`, request(), signal, {
        opened: () => {
          failures = 0;
          ears.open?.(true);
        },
        message: (data) => ears.message(JSON.parse(data) as ResponseOf<Name>),
      });
    } catch (error) {
      if (over()) return;
      if (error instanceof ApiProblem) problem = error;
    }
    if (over()) return;
    ears.open?.(false);
    if (!problem.passing) {
      ears.refused?.(problem);
      return;
    }
    failures += 1;
    await passed(waitMs(failures, Math.random(), problem.retryAfterMs), signal);
  }
}

interface Reading {
  readonly opened: () => void;
  readonly message: (data: string) => void;
}

async function readOnce(path: string, body: unknown, signal: AbortSignal, reading: Reading): Promise<void> {
  const broken = new AbortController();
  let timer = setTimeout(() => broken.abort(), SILENCE_MS);
  try {
    const response = await send(path, {
      method: "POST",
      headers: { ...HEADERS, Accept: "text/event-stream" },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, broken.signal]),
    });
    if (response.body === null) return;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const parser = new SseParser();
    for (let first = true; ; first = false) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => broken.abort(), SILENCE_MS);
      if (first) reading.opened();
      for (const event of parser.push(value)) {
        if (event.name === "problem") throw noted(problemOf(500, JSON.parse(event.data)));
        reading.message(event.data);
      }
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Waits, at most until the network comes back or the signal is aborted. */
function passed(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}
