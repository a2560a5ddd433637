/** Doing something often enough for people, and not more often. */

/** Calls `run` at once when it was not called for a while, otherwise once that while is over. */
export class Throttle {
  private last = -Infinity;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param ms - between two calls of `run`
   * @param now - milliseconds of a clock that never goes back
   */
  constructor(
    private readonly ms: number,
    private readonly run: () => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Asks for a call. */
  readonly ask = (): void => {
    if (this.timer !== undefined) return;
    const wait = this.last + this.ms - this.now();
    if (wait <= 0) this.go();
    else this.timer = setTimeout(this.go, wait);
  };

  /** Forgets a call that was asked for. */
  readonly cancel = (): void => {
    clearTimeout(this.timer);
    this.timer = undefined;
  };

  private readonly go = (): void => {
    this.timer = undefined;
    this.last = this.now();
    this.run();
  };
}
