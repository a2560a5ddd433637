/** The part of `localStorage` that is used. */
export interface StorageLike {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/**
 * Storage that is allowed to be absent, forbidden or full: what cannot be written is kept for the life of the page.
 *
 * Names are put behind a prefix, so that several environments can live in one origin.
 */
export class SafeStorage {
  readonly #storage: StorageLike | null;
  readonly #prefix: string;
  readonly #memory = new Map<string, string>();

  constructor(storage: StorageLike | null | undefined, prefix: string) {
    this.#storage = storage === undefined ? ofPage() : storage;
    this.#prefix = prefix;
  }

  /** Return a text; null when there is none. */
  get(name: string): string | null {
    const remembered = this.#memory.get(name);
    if (remembered !== undefined) return remembered;
    try {
      return this.#storage?.getItem(this.#prefix + name) ?? null;
    } catch {
      return null;
    }
  }

  /** Keep a text; return whether it outlives the page. */
  set(name: string, text: string): boolean {
    try {
      if (this.#storage) {
        this.#storage.setItem(this.#prefix + name, text);
        this.#memory.delete(name);
        return true;
      }
    } catch {
      // Full or forbidden. An older text must not come back later in the place of this one.
      this.#forget(name);
    }
    this.#memory.set(name, text);
    return false;
  }

  /** Forget a text. */
  remove(name: string): void {
    this.#memory.delete(name);
    this.#forget(name);
  }

  /** Return the names that begin with `start`. */
  names(start: string): string[] {
    const found = new Set([...this.#memory.keys()].filter((name) => name.startsWith(start)));
    try {
      for (let index = 0; index < (this.#storage?.length ?? 0); index++) {
        const key = this.#storage?.key(index);
        if (key?.startsWith(this.#prefix + start)) found.add(key.slice(this.#prefix.length));
      }
    } catch {
      // What cannot be listed is not there.
    }
    return [...found];
  }

  #forget(name: string): void {
    try {
      this.#storage?.removeItem(this.#prefix + name);
    } catch {
      // It could not be written either.
    }
  }
}

function ofPage(): StorageLike | null {
  try {
    return globalThis.localStorage;
  } catch {
    return null;
  }
}
