/**
 * The present numbers of every tenant of an environment, shared by what needs them: the table of all tenants and the
 * picker. The stream is open only while something that needs it is drawn; what it brought is kept.
 */
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useStream } from "../api/hooks";
import type { Message } from "../api/methods";
import type { ApiProblem } from "../api/problem";
import { Throttle } from "../api/throttle";
import { useScope } from "./scope";

/** Frames come several times a second; people do not read faster than this. */
const DRAW_MS = 400;
/** An environment without any tenant says nothing for so long. */
const NOBODY_MS = 6000;

/** The frames by tenant; undefined until the first ones came. */
export interface Overview {
  readonly frames: ReadonlyMap<string, Message<"LiveFrame">> | undefined;
  readonly problem: ApiProblem | undefined;
  /** When the last ones came, by the browser's clock. */
  readonly receivedAt: Date | undefined;
  /** Whether the stream is open. */
  readonly open: boolean;
}

interface Shared extends Overview {
  readonly need: () => () => void;
}

const OverviewContext = createContext<Shared | null>(null);

/** Holds the numbers of one environment; another one needs another provider. */
export function OverviewProvider({ children }: { readonly children: ReactNode }) {
  const { environment } = useScope();
  const [frames, setFrames] = useState<ReadonlyMap<string, Message<"LiveFrame">>>();
  const [receivedAt, setReceivedAt] = useState<Date>();
  const [needed, setNeeded] = useState(0);
  const fresh = useRef(new Map<string, Message<"LiveFrame">>());
  const [drawing] = useState(
    () =>
      new Throttle(DRAW_MS, () => {
        const arrived = fresh.current;
        fresh.current = new Map();
        setFrames((before) => new Map([...(before ?? []), ...arrived]));
        setReceivedAt(new Date());
      }),
  );
  const { problem, open } = useStream(
    "mirante.api.metrics.v1.LiveMetricsService/WatchLiveMetrics",
    needed > 0 ? environment : null,
    () => ({ environment }),
    (message) => {
      for (const frame of message.frames) fresh.current.set(frame.tenant, frame);
      drawing.ask();
    },
  );
  useEffect(() => {
    if (needed === 0 || frames !== undefined) return;
    const nobody = setTimeout(() => setFrames(new Map()), NOBODY_MS);
    return () => clearTimeout(nobody);
  }, [needed, frames]);
  useEffect(() => drawing.cancel, [drawing]);

  const need = useCallback(() => {
    setNeeded((count) => count + 1);
    return () => setNeeded((count) => count - 1);
  }, []);
  const shared = useMemo(
    () => ({ frames, problem, receivedAt, open, need }),
    [frames, problem, receivedAt, open, need],
  );
  return <OverviewContext value={shared}>{children}</OverviewContext>;
}

/** Returns the numbers of all tenants, kept up to date while the caller is drawn. */
export function useOverview(): Overview {
  const shared = use(OverviewContext);
  if (shared === null) throw new Error("outside of OverviewProvider");
  const { need } = shared;
  useEffect(need, [need]);
  return shared;
}

/** What is known of a metric, whatever the tenant. */
export interface KnownMetric {
  readonly metric: string;
  readonly aggregation: Message<"Aggregation">;
  readonly currencies: readonly string[];
}

/** Returns the metrics that are configured, in their order. */
export function useMetrics(): readonly KnownMetric[] {
  const { frames } = useOverview();
  return useMemo(() => {
    const known = new Map<string, { metric: string; aggregation: Message<"Aggregation">; currencies: string[] }>();
    for (const frame of frames?.values() ?? []) {
      for (const { metric, aggregation, currency } of frame.metrics) {
        const entry = known.get(metric) ?? { metric, aggregation, currencies: [] };
        if (currency !== "" && !entry.currencies.includes(currency)) entry.currencies.push(currency);
        known.set(metric, entry);
      }
    }
    return [...known.values()];
  }, [frames]);
}

/** Returns the names of the tenants, in order. */
export function useTenants(): readonly string[] | undefined {
  const { frames } = useOverview();
  return useMemo(() => frames && [...frames.keys()].sort((a, b) => a.localeCompare(b)), [frames]);
}
