/** Delays that double with every failure, spread so that clients do not come back in step. */
export class Backoff {
  readonly #first: number;
  readonly #longest: number;
  #failures = 0;

  /** `first` and `longest` are in milliseconds. */
  constructor(first: number, longest: number) {
    this.#first = first;
    this.#longest = longest;
  }

  /** Begin anew. */
  reset(): void {
    this.#failures = 0;
  }

  /** Return how long to wait after one more failure; never less than `atLeast`. All are in milliseconds. */
  next(atLeast = 0): number {
    const most = Math.min(this.#longest, this.#first * 2 ** Math.min(this.#failures, 20));
    this.#failures++;
    return atLeast + most * (0.5 + Math.random() / 2);
  }
}

/** Return a number of milliseconds, give or take a fifth. */
export function spread(milliseconds: number): number {
  return milliseconds * (0.8 + Math.random() * 0.4);
}

/** Return the milliseconds of a `Retry-After` header, which holds seconds or a date; 0 when it says nothing. */
export function retryAfter(header: string | null, now: number): number {
  if (!header) return 0;
  const seconds = Number(header);
  const milliseconds = Number.isNaN(seconds) ? Date.parse(header) - now : seconds * 1000;
  return Number.isFinite(milliseconds) ? Math.min(Math.max(0, milliseconds), 3_600_000) : 0;
}
