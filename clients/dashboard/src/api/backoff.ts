/** How long to wait before the next try; pure. */

const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/**
 * Grows twofold with every failure, and is spread so that not everybody comes back at once.
 *
 * @param failures - in a row, 1 at the first
 * @param chance - 0 to 1
 * @param asked - milliseconds that the server asked for
 */
export function waitMs(failures: number, chance: number, asked = 0): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, failures - 1));
  return Math.max(asked, whole * (0.5 + chance / 2));
}
