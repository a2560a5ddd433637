import { vi } from "vitest";
import { createMirante, type Mirante, type MiranteOptions, type StorageLike, type Trouble } from "../../src/index.js";

export const START = Date.UTC(2026, 10, 25, 12);

/** `localStorage`, with a bound that a test may lower. */
export class FakeStorage implements StorageLike {
  readonly kept = new Map<string, string>();
  most = Infinity;

  get length(): number {
    return this.kept.size;
  }

  key(index: number): string | null {
    return [...this.kept.keys()][index] ?? null;
  }

  getItem(key: string): string | null {
    return this.kept.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    if (value.length > this.most) throw new DOMException("full", "QuotaExceededError");
    this.kept.set(key, value);
  }

  removeItem(key: string): void {
    this.kept.delete(key);
  }
}

/** A browser token that nobody has signed: the client does not look. */
export function token(tenant: string, user: string, lifeSeconds = 600, nonce = 0): string {
  const claims = { tenant, sub: user, iat: 1_000, exp: 1_000 + lifeSeconds, nonce };
  return `h.${btoa(JSON.stringify(claims)).replaceAll("=", "")}.s`;
}

const running: Mirante[] = [];

/** A client against the fake gateway; `troubles` is what it told. */
export function client(options: Partial<MiranteOptions> = {}): { mirante: Mirante; troubles: Trouble[] } {
  const troubles: Trouble[] = [];
  const mirante = createMirante({
    url: "https://gateway.example",
    key: "public",
    storage: null,
    onTrouble: (trouble) => troubles.push(trouble),
    ...options,
  });
  running.push(mirante);
  return { mirante, troubles };
}

/** Let time go by, and everything that is due with it. */
export async function pass(milliseconds = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
}

/** Begin a test: time stands still at START, and chance is always in the middle. */
export function begin(): void {
  vi.useFakeTimers({ now: START });
  vi.spyOn(Math, "random").mockReturnValue(0.5);
}

/** End a test: nothing of it goes on. */
export async function end(): Promise<void> {
  await Promise.all(running.splice(0).map((mirante) => mirante.close()));
  vi.unstubAllGlobals();
  vi.useRealTimers();
}
