/** Hooks for React 18 and later. A component is drawn again only when what it asked for has changed. */
import { useCallback, useEffect, useSyncExternalStore } from "react";
import type { Mirante } from "../client.js";
import type { Properties } from "../events/event.js";
import type { Evaluation } from "../flags/answers.js";
import type { LiveState } from "../live/live_metrics.js";
import type { LiveMetric } from "../live/messages.js";
import { useSurrounding } from "./provider.js";

export { MiranteProvider, type MiranteProviderProps } from "./provider.js";

/** Return the client. */
export function useMirante(): Mirante {
  return useSurrounding().client;
}

/** Return whether a flag is on. That it was used is recorded when the component is on the screen. */
export function useFlag(key: string, fallback = false): boolean {
  const value = useEvaluation(key)?.value;
  return typeof value === "boolean" ? value : fallback;
}

/** Return the variant of a flag. That it was used is recorded when the component is on the screen. */
export function useVariant(key: string, fallback: string): string {
  return useEvaluation(key)?.variant ?? fallback;
}

/** Return what tells that something happened; always the same function. */
export function useTrack(): (name: string, properties?: Properties) => void {
  const { client } = useSurrounding();
  return useCallback((name, properties) => client.track(name, properties), [client]);
}

/** Return the live metrics of the tenant. All components share one connection, which is open while one of them watches. */
export function useLiveMetrics(): LiveState {
  const { live } = useSurrounding();
  return useSyncExternalStore(live.subscribe, live.state, live.state);
}

/** Return one live metric, or undefined before the first numbers; `currency` for one of money. */
export function useLiveMetric(name: string, currency = ""): LiveMetric | undefined {
  const { live } = useSurrounding();
  const find = useCallback(
    () => live.state().metrics.find((each) => each.metric === name && each.currency === currency),
    [live, name, currency],
  );
  return useSyncExternalStore(live.subscribe, find, find);
}

function useEvaluation(key: string): Evaluation | undefined {
  const { client } = useSurrounding();
  const subscribe = useCallback((listener: () => void) => client.onFlag(key, listener), [client, key]);
  const read = useCallback(() => client.peek(key), [client, key]);
  const evaluation = useSyncExternalStore(subscribe, read, read);
  useEffect(() => client.use(key), [client, key]);
  return evaluation;
}
