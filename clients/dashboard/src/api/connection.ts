/** Whether every stream of the page is open, for the banner. */
import { useSyncExternalStore } from "react";

const broken = new Set<object>();
const listeners = new Set<() => void>();

/** Notes that a stream is broken, or no longer is. `stream` is any object that stands for it. */
export function noteStream(stream: object, isBroken: boolean): void {
  const before = broken.size;
  if (isBroken) broken.add(stream);
  else broken.delete(stream);
  if (broken.size !== before) for (const listener of listeners) listener();
}

/** Returns whether a stream is being opened again. */
export function useReconnecting(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => broken.size > 0,
  );
}
