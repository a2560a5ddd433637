import type { GetToken } from "./access/tokens.js";
import type { Counts } from "./events/sender.js";
import type { FlagAnswer } from "./flags/answers.js";
import type { Person } from "./identity.js";
import type { JsonValue } from "./json.js";
import type { DropCause, Report } from "./problems.js";
import type { StorageLike } from "./storage.js";

/** What a client has to know. */
export interface MiranteOptions {
  /** Of the gateway, for instance "https://mirante.example"; empty when it serves the page itself. */
  readonly url: string;
  /** An API key of the role browser. It is public. */
  readonly key: string;
  /** Needed only when the key holds several. */
  readonly environment?: string;
  /** Asks the application's backend for a browser token. Without it, events name nobody and there are no live metrics. */
  readonly getToken?: GetToken;
  /** Who is logged in already. */
  readonly person?: Person;
  /** What rules of flags may ask for, whoever sits here. */
  readonly attributes?: Readonly<Record<string, JsonValue>>;
  /** Answers that the backend has rendered into the page, so that the first paint is right. */
  readonly bootstrap?: readonly FlagAnswer[];
  /** Of the application, for instance a commit; events carry it. */
  readonly release?: string;
  /** Path of a page for events, for instance to take ids out of it: "/vendas/{id}". */
  readonly pathOf?: (path: string) => string;
  /** Where to keep things; null for nowhere. Without it, the `localStorage` of the page. */
  readonly storage?: StorageLike | null;
  /** Milliseconds between questions for flags when no notices come; 60,000 without it. */
  readonly pollMs?: number;
  /** Told of what goes wrong, for a log. */
  readonly onTrouble?: Report;
}

/** What became of events so far, on this page. */
export interface EventStatus extends Readonly<Counts> {
  readonly waiting: number;
  readonly dropped: Readonly<Record<DropCause, number>>;
}
