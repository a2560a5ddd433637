import { vi } from "vitest";

/** A request as the gateway sees it. */
export interface Asked {
  readonly path: string;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
  readonly keepalive: boolean;
}

type Answering = (asked: Asked) => Response | Promise<Response>;

/** Stands in the place of `fetch`: answers by what a test has put there, and keeps what was asked. */
export class FakeGateway {
  readonly asked: Asked[] = [];
  readonly streams: FakeStream[] = [];
  flags: Answering = () => bulk([]);
  events: Answering = (asked) => results(eventsOf(asked).map(() => ({ status: "accepted" })));
  stream: () => Response | undefined = () => undefined;

  constructor() {
    vi.stubGlobal("fetch", (url: string, init: RequestInit = {}) => this.#fetch(url, init));
  }

  /** What was asked at one address. */
  at(path: string): Asked[] {
    return this.asked.filter((each) => each.path === path);
  }

  get flagQuestions(): Asked[] {
    return this.at("/ofrep/v1/evaluate/flags");
  }

  get batches(): Asked[] {
    return this.at("/v1/events");
  }

  /** All events that were sent, in their order. */
  get sent(): Record<string, unknown>[] {
    return this.batches.flatMap(eventsOf);
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    const path = url.replace(/^https:\/\/gateway\.example/, "");
    if (path.startsWith("/ofrep/v1/events")) {
      const refused = this.stream();
      if (refused) return refused;
      const stream = new FakeStream(init.signal ?? undefined);
      this.streams.push(stream);
      return stream.response;
    }
    const asked: Asked = {
      path,
      headers: new Headers(init.headers),
      body: JSON.parse(init.body as string) as Record<string, unknown>,
      keepalive: init.keepalive === true,
    };
    this.asked.push(asked);
    return (path === "/v1/events" ? this.events : this.flags)(asked);
  }
}

/** A stream of notices in the hands of a test. */
export class FakeStream {
  readonly response: Response;
  isOpen = true;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(signal: AbortSignal | undefined) {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
    });
    signal?.addEventListener("abort", () => {
      if (this.isOpen) this.#controller?.error(new Error("aborted"));
      this.isOpen = false;
    });
    this.response = new Response(body, { headers: { "Content-Type": "text/event-stream" } });
  }

  say(text: string): void {
    this.#controller?.enqueue(new TextEncoder().encode(text));
  }

  notice(): void {
    this.say('event: message\nid: 1\ndata: {"type": "refetchEvaluation", "etag": "1"}\n\n');
  }

  end(): void {
    this.isOpen = false;
    this.#controller?.close();
  }
}

/** Return the events of a batch. */
export function eventsOf(asked: Asked): Record<string, unknown>[] {
  return asked.body.events as Record<string, unknown>[];
}

/** An answer for one flag. */
export function flag(key: string, value: unknown, variant: string, flagVersion = 1): Record<string, unknown> {
  return { key, value, variant, reason: "STATIC", metadata: { flagVersion, reason: "STATIC" } };
}

/** The answer of all flags, with an event stream. */
export function bulk(flags: unknown[], etag = '"1"', extra: object = {}): Response {
  const eventStreams = [{ type: "sse", endpoint: { requestUri: "/ofrep/v1/events?ticket=t" }, inactivityDelaySec: 120 }];
  return json({ flags, eventStreams, ...extra }, { headers: { ETag: etag } });
}

/** The answer of a batch. */
export function results(found: unknown[]): Response {
  return json({ results: found });
}

/** A refusal. */
export function problem(status: number, reason: string, headers: Record<string, string> = {}): Response {
  return json({ type: "urn", title: "", status, reason, detail: "because" }, { status, headers });
}

function json(body: unknown, init: ResponseInit = {}): Response {
  return new Response(JSON.stringify(body), init);
}
