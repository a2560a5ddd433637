import { Gateway } from "./access/gateway.js";
import { Tokens } from "./access/tokens.js";
import { textOf } from "./events/batches.js";
import { bytesOf, type Event, faultOfName, MOST_EVENT_BYTES, type Properties } from "./events/event.js";
import { Queue } from "./events/queue.js";
import { Sender } from "./events/sender.js";
import { pagePath, surroundings } from "./events/surroundings.js";
import type { Evaluation } from "./flags/answers.js";
import { FlagCache } from "./flags/cache.js";
import { Exposures } from "./flags/exposures.js";
import { Flags } from "./flags/flags.js";
import { Identity, type Person } from "./identity.js";
import { fingerprint, uuid7 } from "./ids.js";
import type { JsonValue } from "./json.js";
import { LiveMetrics } from "./live/live_metrics.js";
import type { EventStatus, MiranteOptions } from "./options.js";
import { followPage } from "./page.js";
import { type DropCause, type Report, safeReport } from "./problems.js";
import { SafeStorage } from "./storage.js";

const POLL_MS = 60_000;
/** A page that is out of sight for this long hears of no changes until it is seen again: browsers have few connections. */
const REST_MS = 30_000;
/** What others still have to tell when the page goes, for instance its web vitals, comes within this time. */
const LEAVING_MS = 2_000;

/** Mirante in a browser. Nothing that it is asked raises, and nothing waits but what returns a promise. */
export class Mirante {
  readonly #identity: Identity;
  readonly #tokens: Tokens;
  readonly #gateway: Gateway;
  readonly #flags: Flags;
  readonly #queue: Queue;
  readonly #sender: Sender;
  readonly #options: MiranteOptions;
  readonly #report: Report;
  readonly #dropped: Record<DropCause, number> = { overflow: 0, expired: 0, invalid: 0 };
  readonly #live = new Set<LiveMetrics>();
  readonly #leavePage: () => void;
  #resting: ReturnType<typeof setTimeout> | undefined;
  #hiddenAt = -Infinity;

  /** Use `createMirante`. */
  constructor(options: MiranteOptions) {
    this.#options = options;
    this.#report = safeReport(options.onTrouble);
    const { url, key, environment = "", getToken, person, bootstrap, pollMs = POLL_MS } = options;
    const now = Date.now();
    const storage = new SafeStorage(options.storage, `mirante.${fingerprint(`${key} ${environment}`)}.`);
    const instance = uuid7(now);
    this.#gateway = new Gateway(url, key, environment);
    this.#identity = new Identity(storage, now);
    if (person) this.#identity.identify(person, now);
    this.#tokens = new Tokens(getToken, this.#report);
    this.#tokens.belongTo(this.#identity.owner);
    this.#queue = new Queue(storage, instance, (cause, count) => this.#drop(cause, count, ""));
    this.#sender = new Sender({
      gateway: this.#gateway,
      tokens: this.#tokens,
      queue: this.#queue,
      report: this.#report,
      instance,
    });
    const exposures = new Exposures(this.#identity, storage, (name, properties) => this.track(name, properties));
    this.#flags = new Flags({
      gateway: this.#gateway,
      cache: new FlagCache(storage),
      exposures,
      report: this.#report,
      context: () => this.#identity.context(options.attributes ?? {}),
      pollMs,
    });
    this.#leavePage = followPage({
      hidden: () => this.#hide(),
      shown: () => this.#show(),
      online: () => {
        this.#flags.wake();
        this.#sender.wakeNow();
      },
    });
    this.#queue.adopt(now);
    if (this.#queue.size) this.#sender.wake();
    this.#flags.start(bootstrap);
  }

  /** The browser's own id: tell it to the backend at the login, which joins it to the person. */
  get anonymousId(): string {
    return this.#identity.anonymousId;
  }

  /** Whether a flag is on; records that it was used. `fallback` serves for a flag that was never seen, or is none of booleans. */
  isEnabled(key: string, fallback = false): boolean {
    return this.#flags.details(key, fallback, "boolean").value === true;
  }

  /** Return the variant of a flag; records that it was used. `fallback` serves for a flag that was never seen. */
  variant(key: string, fallback: string): string {
    return this.details(key).variant || fallback;
  }

  /** Return everything about the answer of a flag; records that it was used. `fallback` is its value otherwise. */
  details(key: string, fallback: JsonValue = null): Evaluation {
    return this.#flags.details(key, fallback, "any");
  }

  /** As `details`, for looking without using: nothing is recorded. */
  peek(key: string): Evaluation | undefined {
    return this.#flags.store.get(key);
  }

  /** A flag is on the screen until the returned function is called: records what it is, and becomes meanwhile. */
  use(key: string): () => void {
    return this.#flags.use(key);
  }

  /** Call a listener whenever the answer of a flag has changed; return what ends that. */
  onFlag(key: string, listener: () => void): () => void {
    return this.#flags.store.onFlag(key, listener);
  }

  /** Call a listener with the keys of flags whose answers have changed; return what ends that. */
  onFlags(listener: (keys: readonly string[]) => void): () => void {
    return this.#flags.store.onAny(listener);
  }

  /** Resolves when flags have answers, or it is known that there are none for now. Never rejects. */
  get ready(): Promise<void> {
    return this.#flags.ready;
  }

  /** Ask for the flags now; resolves when that is over. Notices do it by themselves. */
  refresh(): Promise<void> {
    return this.#flags.refresh();
  }

  /** Something happened. It is kept, and sent soon; what cannot be an event is reported and counted. */
  track(name: string, properties: Properties = {}): void {
    const fault = faultOfName(name);
    const now = Date.now();
    const id = uuid7(now);
    let text = "";
    try {
      if (!fault) text = textOf(this.#eventOf(id, name, properties, now));
    } catch {
      // A property that JSON cannot hold: told below.
    }
    const bytes = bytesOf(text);
    if (!text || bytes > MOST_EVENT_BYTES) {
      this.#drop("invalid", 1, fault || `properties: must be JSON of at most ${MOST_EVENT_BYTES} bytes`);
      return;
    }
    const owner = this.#tokens.areThere ? this.#identity.owner : "";
    this.#queue.add({ id, name, owner, at: now, text, bytes });
    this.#sender.wake();
    if (now - this.#hiddenAt < LEAVING_MS) this.#sender.leave();
  }

  /** Send what waits; resolves when that is over, with the number of events that are left. Never rejects. */
  async flush(): Promise<number> {
    await this.#sender.flush();
    return this.#queue.size;
  }

  /** What became of events so far. */
  get events(): EventStatus {
    return { ...this.#sender.counts, waiting: this.#queue.size, dropped: { ...this.#dropped } };
  }

  /** Somebody has logged in: what they do from now on is theirs, and flags answer for them. */
  identify(person: Person): void {
    const before = this.#identity.owner;
    if (before) void this.#sender.flush(true);
    this.#identity.identify(person, Date.now());
    this.#changed(before);
  }

  /** They have logged out: what waits is still sent in their name, and what comes is another visitor's. */
  reset(): void {
    const before = this.#identity.owner;
    void this.#sender.flush(true);
    this.#identity.reset(Date.now());
    this.#changed(before);
  }

  /** Watch the live metrics of the tenant of whoever is logged in. */
  connectLiveMetrics(): LiveMetrics {
    for (const each of this.#live) if (each.state.status === "closed") this.#live.delete(each);
    const live = new LiveMetrics(this.#gateway, this.#tokens, () => this.#identity.owner);
    this.#live.add(live);
    return live;
  }

  /** The path of the page as events have it; undefined where there is no page. */
  get path(): string | undefined {
    const path = pagePath();
    if (path === undefined) return undefined;
    try {
      return this.#options.pathOf?.(path) ?? path;
    } catch {
      return ""; // rather none than one with what pathOf was to take out
    }
  }

  /** Send what waits, and stop. What could not be sent is kept for the next page. */
  async close(): Promise<void> {
    this.#leavePage();
    clearTimeout(this.#resting);
    this.#flags.rest();
    for (const live of this.#live) live.close();
    await this.#sender.flush();
    this.#sender.stop();
    this.#queue.save(Date.now(), true);
  }

  #eventOf(id: string, name: string, properties: Properties, now: number): Event {
    const person = this.#tokens.areThere ? this.#identity.person : undefined;
    return {
      id,
      name,
      occurred_at: now,
      anonymous_id: this.#identity.anonymousId,
      session_id: this.#identity.sessionAt(now),
      ...(person ? { tenant: person.tenant, user_id: person.user } : {}),
      properties: { ...properties },
      context: surroundings(this.#options.release ?? "", this.path),
    };
  }

  #changed(before: string): void {
    this.#tokens.belongTo(this.#identity.owner);
    this.#flags.contextChanged();
    if (this.#identity.owner === before) return;
    for (const live of this.#live) live.anew();
    this.#sender.wakeNow();
  }

  #hide(): void {
    this.#hiddenAt = Date.now();
    this.#sender.leave();
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.#flags.rest(), REST_MS);
  }

  #show(): void {
    this.#hiddenAt = -Infinity;
    clearTimeout(this.#resting);
    this.#flags.wake();
    this.#sender.wakeNow();
  }

  #drop(cause: DropCause, count: number, detail: string): void {
    this.#dropped[cause] += count;
    this.#report({ kind: "events_dropped", cause, count, detail });
  }
}

/** Start a client. One for a page is enough. */
export function createMirante(options: MiranteOptions): Mirante {
  return new Mirante(options);
}

/** Watch the live metrics of the tenant of whoever is logged in. */
export function connectLiveMetrics(client: Mirante): LiveMetrics {
  return client.connectLiveMetrics();
}
