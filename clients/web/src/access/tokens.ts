import { isRecord, parsed } from "../json.js";
import type { Report } from "../problems.js";

const UNKNOWN_LIFE_MS = 300_000;
const LONGEST_MARGIN_MS = 60_000;
const PAUSE_AFTER_FAILURE_MS = 5_000;
/** A backend that has not answered by then counts as one that failed: what needs no token must not wait for it. */
const PATIENCE_MS = 30_000;

/** Asks the application's own backend for a token of whoever is logged in. */
export type GetToken = () => string | Promise<string>;

/** A token, whose it is, and until when it is worth sending (milliseconds of this machine's clock). */
interface Held {
  readonly token: string;
  readonly owner: string;
  readonly renewAt: number;
  readonly diesAt: number;
}

/** Return what names a user of a tenant. */
export function ownerOf(tenant: string, user: string): string {
  return JSON.stringify([tenant, user]);
}

/**
 * Browser tokens, renewed before they expire.
 *
 * How long a token lives is taken from the token, when it came from the clock here: a clock that is wrong by hours
 * does no harm. The last token of somebody who has logged out is kept until it expires, so that what they did last can
 * still be delivered in their name, and in nobody else's.
 */
export class Tokens {
  readonly #getToken: GetToken | undefined;
  readonly #report: Report;
  readonly #held = new Map<string, Held>();
  #asking: { owner: string; answer: Promise<Held | undefined> } | undefined;
  #owner = "";
  #pausedUntil = 0;

  constructor(getToken: GetToken | undefined, report: Report) {
    this.#getToken = getToken;
    this.#report = report;
  }

  /** Whether there is anybody to ask. */
  get areThere(): boolean {
    return this.#getToken !== undefined;
  }

  /** Say who is logged in; empty for nobody. */
  belongTo(owner: string): void {
    this.#owner = owner;
    this.#pausedUntil = 0;
  }

  /** Whether it is they who are logged in. */
  isPresent(owner: string): boolean {
    return owner === this.#owner;
  }

  /** Return a token of somebody without waiting; undefined when none is at hand. */
  at(owner: string, now: number): string | undefined {
    const held = this.#held.get(owner);
    if (held && now < held.diesAt) return held.token;
    this.#held.delete(owner);
    return undefined;
  }

  /** Return when the token of whoever is logged in has to be renewed; undefined when there is none. */
  get renewAt(): number | undefined {
    return this.#held.get(this.#owner)?.renewAt;
  }

  /** Return a token of somebody, asked for when it is due and they are logged in; undefined when there is none. */
  async of(owner: string): Promise<string | undefined> {
    const now = Date.now();
    const held = this.#held.get(owner);
    if (owner !== this.#owner || (held && now < held.renewAt)) return this.at(owner, now);
    return (await this.#ask(owner, now))?.token ?? this.at(owner, Date.now());
  }

  /** Forget a token that was refused. */
  refuse(token: string): void {
    for (const [owner, held] of this.#held) if (held.token === token) this.#held.delete(owner);
  }

  #ask(owner: string, now: number): Promise<Held | undefined> {
    const getToken = this.#getToken;
    if (!getToken || now < this.#pausedUntil) return Promise.resolve(undefined);
    if (this.#asking?.owner === owner) return this.#asking.answer;
    const asking = { owner, answer: this.#asked(getToken, owner) };
    this.#asking = asking;
    void asking.answer.finally(() => {
      if (this.#asking === asking) this.#asking = undefined;
    });
    return asking.answer;
  }

  async #asked(getToken: GetToken, owner: string): Promise<Held | undefined> {
    let detail = "getToken gave the token of another user or tenant than identify() named";
    try {
      const token = await within(PATIENCE_MS, getToken());
      const claims = claimsOf(token);
      if (!claims.owner || claims.owner === owner) {
        const now = Date.now();
        const margin = Math.min(LONGEST_MARGIN_MS, claims.lifeMs / 5);
        const held = { token, owner, renewAt: now + claims.lifeMs - margin, diesAt: now + claims.lifeMs };
        this.#held.set(owner, held);
        return held;
      }
    } catch {
      detail = "getToken failed";
    }
    if (owner === this.#owner) {
      this.#pausedUntil = Date.now() + PAUSE_AFTER_FAILURE_MS;
      this.#report({ kind: "token", detail });
    }
    return undefined;
  }
}

/** Return what comes within so many milliseconds; raise when nothing does. */
async function within<T>(milliseconds: number, coming: T | Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("late")), milliseconds);
  });
  try {
    return await Promise.race([coming, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Read whose a token is and how long it lives. It is not verified: that is the gateway's affair. */
function claimsOf(token: string): { owner: string; lifeMs: number } {
  const claims = parsed(decoded(token.split(".")[1] ?? ""));
  if (!isRecord(claims)) return { owner: "", lifeMs: UNKNOWN_LIFE_MS };
  const { sub, tenant, exp, iat } = claims;
  const owner = typeof sub === "string" && typeof tenant === "string" ? ownerOf(tenant, sub) : "";
  const lifeMs = typeof exp === "number" && typeof iat === "number" ? (exp - iat) * 1000 : UNKNOWN_LIFE_MS;
  return { owner, lifeMs: Math.max(0, lifeMs) };
}

function decoded(part: string): string {
  try {
    const binary = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
    return new TextDecoder().decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
  } catch {
    return "";
  }
}
