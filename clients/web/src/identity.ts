import { ownerOf } from "./access/tokens.js";
import { uuid7 } from "./ids.js";
import type { JsonValue } from "./json.js";
import { Session } from "./session.js";
import type { SafeStorage } from "./storage.js";

const VISITOR = "visitor";

/** Somebody who is logged in, as the application knows them. */
export interface Person {
  /** The id that the backend uses for them in flags and events. */
  readonly user: string;
  /** The customer company. */
  readonly tenant: string;
  /** What else rules of flags may ask for, for instance `plano`. Not sent with events. */
  readonly attributes?: Readonly<Record<string, JsonValue>>;
}

/** Who sits at this browser: a visitor with an id of the browser's own and, after a login, a person. */
export class Identity {
  readonly #storage: SafeStorage;
  readonly #session: Session;
  #anonymousId: string;
  #person: Person | undefined;

  constructor(storage: SafeStorage, now: number) {
    this.#storage = storage;
    this.#session = new Session(storage);
    this.#anonymousId = storage.get(VISITOR) ?? this.#newVisitor(now);
  }

  /** The browser's own id. A backend joins it to the person at the login. */
  get anonymousId(): string {
    return this.#anonymousId;
  }

  /** Who is logged in. */
  get person(): Person | undefined {
    return this.#person;
  }

  /** What names them; empty for nobody. */
  get owner(): string {
    return this.#person ? ownerOf(this.#person.tenant, this.#person.user) : "";
  }

  /** Return the id of the session in which something happens at `now`. */
  sessionAt(now: number): string {
    return this.#session.idAt(now);
  }

  /** Return the id of the session that is going on; empty when there is none. */
  peekSession(now: number): string {
    return this.#session.peek(now);
  }

  /** Somebody has logged in. Where another person was logged in, a new visitor begins. */
  identify(person: Person, now: number): void {
    const before = this.#person;
    if (before && (before.user !== person.user || before.tenant !== person.tenant)) this.reset(now);
    this.#person = person;
  }

  /** They have logged out: whoever comes next is another visitor, in another session. */
  reset(now: number): void {
    this.#person = undefined;
    this.#anonymousId = this.#newVisitor(now);
    this.#session.end();
  }

  /** The evaluation context: the person, or else the visitor, is who the answer is for. */
  context(extra: Readonly<Record<string, JsonValue>>): Record<string, JsonValue> {
    const person = this.#person;
    return {
      ...extra,
      ...person?.attributes,
      ...(person ? { tenant_id: person.tenant } : {}),
      anonymous_id: this.#anonymousId,
      targetingKey: person ? person.user : this.#anonymousId,
    };
  }

  #newVisitor(now: number): string {
    const id = uuid7(now);
    this.#storage.set(VISITOR, id);
    return id;
  }
}
