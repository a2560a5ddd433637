/** Watching one tenant. */
import { useEffect, useRef, useState } from "react";
import { useStream } from "../../api/hooks";
import type { ApiProblem } from "../../api/problem";
import { Throttle } from "../../api/throttle";
import { afterFrame, type TenantState } from "./state";

/** Frames may come many times a second; people do not read faster than this. */
const DRAW_MS = 500;

/** What is known of the tenant that is watched. */
export interface Watched {
  readonly state: TenantState | undefined;
  /** When the last frame came, by the browser's clock. */
  readonly receivedAt: Date | undefined;
  /** Whether the stream is open. */
  readonly open: boolean;
  readonly problem: ApiProblem | undefined;
}

/** Watches a tenant, with the minutes of its last 24 hours. Another tenant needs another component. */
export function useTenantState(environment: string, tenant: string): Watched {
  const [drawn, setDrawn] = useState<{ state: TenantState; receivedAt: Date }>();
  const known = useRef<TenantState>(undefined);
  const receivedAt = useRef(new Date());
  const [drawing] = useState(
    () =>
      new Throttle(DRAW_MS, () => {
        if (known.current !== undefined) setDrawn({ state: known.current, receivedAt: receivedAt.current });
      }),
  );
  const { open, problem } = useStream(
    "mirante.api.metrics.v1.LiveMetricsService/WatchLiveMetrics",
    `${environment} ${tenant}`,
    () => {
      const { origin = "0", sequence = "0" } = known.current?.frame ?? {};
      const received = known.current === undefined ? [] : [{ tenant, origin, sequence }];
      return { environment, tenants: [tenant], withSeries: true, received };
    },
    (message) => {
      for (const frame of message.frames) known.current = afterFrame(known.current, frame);
      receivedAt.current = new Date();
      drawing.ask();
    },
  );
  useEffect(() => drawing.cancel, [drawing]);
  return { state: drawn?.state, receivedAt: drawn?.receivedAt, open, problem };
}
