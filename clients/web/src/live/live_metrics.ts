import { type Gateway, isOfToken, problemOf } from "../access/gateway.js";
import type { Tokens } from "../access/tokens.js";
import { Backoff } from "../backoff.js";
import { call } from "../flags/store.js";
import { isRecord, parsed } from "../json.js";
import type { Problem } from "../problems.js";
import { merged } from "./merge.js";
import type { LiveFrame, LiveMetric } from "./messages.js";

const PATH = "/ws/metrics";
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;
const REFUSED_MS = 120_000;
/** The gateway says something every 6 s, if only that it has nothing to say. */
const SILENCE_MS = 20_000;
const RESTART = 1012;

/**
 * How the connection is: `live`; `stale`, the numbers may be old; `waiting`, there are none yet; `connecting`, for the
 * first time or again; `refused`, the gateway does not let us in for now; `idle`, nobody is logged in, or there is no
 * `getToken`; `closed`.
 */
export type LiveStatus = "connecting" | "live" | "stale" | "waiting" | "refused" | "idle" | "closed";

/** What is known of the tenant. The numbers of a broken connection stay, with another status. */
export interface LiveState {
  readonly status: LiveStatus;
  readonly metrics: readonly LiveMetric[];
  /** RFC 3339; empty before the first numbers. */
  readonly asOf: string;
  /** The numbers are too low still. */
  readonly catchingUp: boolean;
  /** Why we were refused last. */
  readonly problem?: Problem;
}

const NOTHING: LiveState = { status: "connecting", metrics: [], asOf: "", catchingUp: false };

/** The live metrics of one tenant, over a socket that is opened again whenever it breaks. */
export class LiveMetrics {
  readonly #gateway: Gateway;
  readonly #tokens: Tokens;
  readonly #owner: () => string;
  readonly #listeners = new Set<() => void>();
  readonly #backoff = new Backoff(FIRST_DELAY_MS, LONGEST_DELAY_MS);
  #state = NOTHING;
  #position = "";
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #renewal: ReturnType<typeof setTimeout> | undefined;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;

  constructor(gateway: Gateway, tokens: Tokens, owner: () => string) {
    this.#gateway = gateway;
    this.#tokens = tokens;
    this.#owner = owner;
    void this.#connect();
  }

  /** What is known now: a new object whenever something has changed. */
  get state(): LiveState {
    return this.#state;
  }

  /** Return a metric; `currency` for one of money. */
  metric(name: string, currency = ""): LiveMetric | undefined {
    return this.#state.metrics.find((each) => each.metric === name && each.currency === currency);
  }

  /** Call a listener whenever something has changed; return what ends that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Somebody else is logged in, or nobody: nothing of the tenant before is left. */
  anew(): void {
    if (this.#state.status === "closed") return;
    this.#letGo();
    this.#position = "";
    this.#backoff.reset();
    this.#tell(NOTHING);
    void this.#connect();
  }

  /** End the connection. */
  close(): void {
    this.#letGo();
    this.#tell({ ...this.#state, status: "closed" });
    this.#listeners.clear();
  }

  async #connect(): Promise<void> {
    const attempt = ++this.#attempt;
    const owner = this.#owner();
    if (!owner || !this.#tokens.areThere) {
      this.#tell({ ...NOTHING, status: "idle" });
      return;
    }
    const token = await this.#tokens.of(owner);
    if (attempt !== this.#attempt) return;
    if (token === undefined) {
      this.#again(this.#backoff.next(FIRST_DELAY_MS));
      return;
    }
    const socket = opened(this.#gateway.url);
    if (!socket) {
      this.#again(this.#backoff.next(FIRST_DELAY_MS));
      return;
    }
    let problem: Problem | undefined;
    this.#socket = socket;
    this.#expectSomething(socket);
    socket.onopen = () => {
      const { key, environment } = this.#gateway;
      const hello = { type: "hello", key, token, environment, received: this.#position };
      socket.send(JSON.stringify(hello));
      this.#renewLater(socket, owner, token);
    };
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket) return;
      this.#expectSomething(socket);
      const message = typeof data === "string" ? parsed(data) : undefined;
      if (!isRecord(message)) return;
      if (message.type === "problem") problem = problemOf(message.problem, 0);
      else this.#take(message);
    };
    socket.onclose = ({ code }) => {
      if (socket === this.#socket) this.#ended(code, token, problem);
    };
  }

  #take(message: Record<string, unknown>): void {
    switch (message.type) {
      case "snapshot":
      case "frame": {
        if (!isFrame(message)) return;
        const before = message.type === "frame" ? this.#state.metrics : [];
        this.#position = message.position;
        this.#tell({
          status: message.stale === true ? "stale" : "live",
          metrics: merged(before, message),
          asOf: message.as_of,
          catchingUp: message.catching_up,
        });
        break;
      }
      case "resumed":
        this.#tell({ ...withoutProblem(this.#state), status: "live" });
        break;
      case "stale":
      case "waiting":
        this.#tell({ ...withoutProblem(this.#state), status: message.type });
        break;
      default:
        return; // a later gateway may say more than is understood here
    }
    this.#backoff.reset();
  }

  #ended(code: number, token: string, problem: Problem | undefined): void {
    this.#letGo();
    if (problem && isOfToken(problem)) this.#tokens.refuse(token);
    const isRefusal = problem !== undefined && !isOfToken(problem) && [400, 401, 403].includes(problem.status);
    this.#tell({
      ...withoutProblem(this.#state),
      status: isRefusal ? "refused" : "connecting",
      ...(problem ? { problem } : {}),
    });
    // After a restart thousands come back at once: within a second, not in the same moment.
    if (code === RESTART) this.#again(Math.random() * 1_000);
    else if (isRefusal) this.#again(REFUSED_MS * (0.5 + Math.random()));
    else this.#again(this.#backoff.next(problem?.retry_after_ms));
  }

  #again(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#connect(), milliseconds);
  }

  #renewLater(socket: WebSocket, owner: string, shown: string): void {
    clearTimeout(this.#renewal);
    const renewAt = this.#tokens.renewAt;
    if (renewAt === undefined) return;
    const wait = Math.max(1_000, renewAt - Date.now());
    this.#renewal = setTimeout(() => {
      void this.#tokens.of(owner).then((token) => {
        if (socket !== this.#socket || socket.readyState !== WebSocket.OPEN) return;
        if (token !== undefined && token !== shown) socket.send(JSON.stringify({ type: "renew", token }));
        this.#renewLater(socket, owner, token ?? shown);
      });
    }, wait);
  }

  #expectSomething(socket: WebSocket): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => {
      // Closing a dead connection may take minutes; it is not waited for.
      if (socket === this.#socket) this.#ended(0, "", undefined);
    }, SILENCE_MS);
  }

  #letGo(): void {
    this.#attempt++;
    clearTimeout(this.#timer);
    clearTimeout(this.#renewal);
    clearTimeout(this.#watchdog);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  #tell(state: LiveState): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) call(listener);
  }
}

function opened(url: string): WebSocket | undefined {
  try {
    return new WebSocket((url || location.origin).replace(/^http/, "ws") + PATH);
  } catch {
    return undefined; // the page's own policy forbids it
  }
}

function withoutProblem({ status, metrics, asOf, catchingUp }: LiveState): LiveState {
  return { status, metrics, asOf, catchingUp };
}

/** Whether a message is what the contract says it is, as far as it is looked at here. */
function isFrame(message: Record<string, unknown>): message is Record<string, unknown> & LiveFrame {
  return Array.isArray(message.metrics) && typeof message.position === "string" && typeof message.as_of === "string";
}
