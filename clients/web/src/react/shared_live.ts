import type { Mirante } from "../client.js";
import type { LiveMetrics, LiveState } from "../live/live_metrics.js";

const LINGER_MS = 2_000;
const BEFORE: LiveState = { status: "connecting", metrics: [], asOf: "", catchingUp: false };

/** One connection for all components that watch, open while there are any. */
export class SharedLive {
  readonly #client: Mirante;
  #live: LiveMetrics | undefined;
  #watchers = 0;
  #closing: ReturnType<typeof setTimeout> | undefined;

  constructor(client: Mirante) {
    this.#client = client;
  }

  /** What is known now. */
  readonly state = (): LiveState => this.#live?.state ?? BEFORE;

  /** Watch; return what ends that. */
  readonly subscribe = (listener: () => void): (() => void) => {
    clearTimeout(this.#closing);
    this.#watchers++;
    this.#live ??= this.#client.connectLiveMetrics();
    const end = this.#live.subscribe(listener);
    return () => {
      end();
      this.#watchers--;
      // Going from one page of the application to another closes no socket.
      if (!this.#watchers) this.#closing = setTimeout(() => this.#close(), LINGER_MS);
    };
  };

  #close(): void {
    this.#live?.close();
    this.#live = undefined;
  }
}
