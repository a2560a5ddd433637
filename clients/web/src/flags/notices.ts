import { Backoff } from "../backoff.js";
import { isRecord, parsed } from "../json.js";

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;
/** The gateway says something every 15 s; a stream that is silent for longer than this is dead. */
const SILENCE_MS = 45_000;
/** A stream that lasted this long has worked; one that ends sooner is opened ever more slowly. */
const LASTING_MS = 20_000;

/** The server-sent events by which the gateway says "ask again". Opened anew, with growing delays, when it breaks. */
export class Notices {
  readonly #notice: () => void;
  readonly #broken: (isRefused: boolean) => void;
  readonly #backoff = new Backoff(FIRST_DELAY_MS, LONGEST_DELAY_MS);
  #url = "";
  #stop: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOpen = false;

  /**
   * @param notice is called when answers may have changed.
   * @param broken is called when a stream that was open is not any more, or its address is good for nothing.
   */
  constructor(notice: () => void, broken: (isRefused: boolean) => void) {
    this.#notice = notice;
    this.#broken = broken;
  }

  /** Whether notices come. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Listen at an address. One that is being listened at goes on; a stream that is open is not changed for another. */
  listen(url: string): void {
    this.#url = url;
    if (url && !this.#stop && this.#timer === undefined) void this.#run();
  }

  /** Stop listening, until `listen` is called again. */
  close(): void {
    this.#stop?.abort();
    this.#stop = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isOpen = false;
    this.#backoff.reset();
  }

  async #run(): Promise<void> {
    const stop = new AbortController();
    this.#stop = stop;
    const began = Date.now();
    const isRefused = await this.#read(stop).catch(() => false);
    if (this.#stop !== stop) return;
    stop.abort();
    this.#stop = undefined;
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    if (isRefused) this.#url = "";
    if (isRefused || wasOpen) this.#broken(isRefused);
    if (isRefused) return;
    if (Date.now() - began > LASTING_MS) this.#backoff.reset();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.listen(this.#url);
    }, this.#backoff.next());
  }

  /** Read one stream to its end; return whether its address was refused. */
  async #read(stop: AbortController): Promise<boolean> {
    let watchdog: ReturnType<typeof setTimeout> | undefined;
    const isAlive = (): void => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => {
        stop.abort();
      }, SILENCE_MS);
    };
    isAlive();
    try {
      // No header of ours: then no browser asks for leave first.
      const response = await fetch(this.#url, { signal: stop.signal, credentials: "omit", cache: "no-store" });
      if (response.status === 401 || response.status === 403) return true;
      const reader = response.ok ? response.body?.getReader() : undefined;
      if (!reader) return false;
      const decoder = new TextDecoder();
      let rest = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done || this.#stop !== stop) return false;
        isAlive();
        this.#isOpen = true;
        const blocks = (rest + decoder.decode(value, { stream: true })).replaceAll("\r", "").split("\n\n");
        rest = blocks.pop() ?? "";
        if (blocks.some(isNotice)) this.#notice();
      }
    } finally {
      clearTimeout(watchdog);
    }
  }
}

function isNotice(block: string): boolean {
  const data = block
    .split("\n")
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice(5).trimStart());
  const found = parsed(data.join("\n"));
  return isRecord(found) && found.type === "refetchEvaluation";
}
