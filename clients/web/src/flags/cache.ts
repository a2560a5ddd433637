import { isRecord, parsed } from "../json.js";
import type { SafeStorage } from "../storage.js";
import { asAnswer, type Bulk, type Evaluations, readBulk } from "./answers.js";

const NAME = "flags";

/** The last answers, kept beyond the page: for one context, of which only a fingerprint is written. */
export class FlagCache {
  readonly #storage: SafeStorage;

  constructor(storage: SafeStorage) {
    this.#storage = storage;
  }

  /** Return what is kept for a context; undefined when there is nothing. */
  read(context: string): { bulk: Bulk; etag: string } | undefined {
    const kept = parsed(this.#storage.get(NAME) ?? "");
    if (!isRecord(kept) || kept.context !== context || typeof kept.etag !== "string") return undefined;
    const bulk = readBulk(kept.body, "cache");
    if (!bulk) return undefined;
    return { bulk, etag: kept.etag };
  }

  /** Keep answers. */
  write(context: string, etag: string, evaluations: Evaluations, stream: string): void {
    const flags = Array.from(evaluations.values(), asAnswer);
    const body = { flags, eventStreams: [{ type: "sse", url: stream }] };
    this.#storage.set(NAME, JSON.stringify({ context, etag, body }));
  }
}
