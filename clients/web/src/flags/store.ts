import { type Evaluation, type Evaluations, isSame } from "./answers.js";

type Listener = () => void;

/** The answers that are in force, and who wants to know when one of them changes. */
export class FlagStore {
  #evaluations: Evaluations = new Map();
  readonly #ofFlag = new Map<string, Set<Listener>>();
  readonly #ofAny = new Set<(keys: readonly string[]) => void>();

  /** All that there are. */
  get evaluations(): Evaluations {
    return this.#evaluations;
  }

  /** Return the answer of a flag. The same object as before, as long as the answer is the same. */
  get(key: string): Evaluation | undefined {
    return this.#evaluations.get(key);
  }

  /** Put new answers in the place of all others, and tell of what has changed. */
  replace(next: Evaluations): void {
    const before = this.#evaluations;
    const changed: string[] = [];
    const kept = new Map<string, Evaluation>();
    for (const [key, evaluation] of next) {
      const old = before.get(key);
      if (old && isSame(old, evaluation)) {
        kept.set(key, old);
      } else {
        kept.set(key, evaluation);
        changed.push(key);
      }
    }
    for (const key of before.keys()) if (!next.has(key)) changed.push(key);
    this.#evaluations = kept;
    for (const key of changed) this.#ofFlag.get(key)?.forEach(call);
    if (changed.length) for (const listener of this.#ofAny) call(() => listener(changed));
  }

  /** Call a listener whenever the answer of a flag has changed; return what ends that. */
  onFlag(key: string, listener: Listener): () => void {
    const listeners = this.#ofFlag.get(key) ?? new Set();
    this.#ofFlag.set(key, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (!listeners.size && this.#ofFlag.get(key) === listeners) this.#ofFlag.delete(key);
    };
  }

  /** Call a listener with the keys of flags whose answers have changed; return what ends that. */
  onAny(listener: (keys: readonly string[]) => void): () => void {
    this.#ofAny.add(listener);
    return () => this.#ofAny.delete(listener);
  }
}

/** Call a listener, which may fail. */
export function call(listener: Listener): void {
  try {
    listener();
  } catch (error) {
    // One listener's fault is not the others': told as an uncaught error is.
    setTimeout(() => {
      throw error;
    });
  }
}
