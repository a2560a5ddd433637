/** All flags of an environment, and whether they have changed. */
import { useEffect, useEffectEvent, useState } from "react";
import { call } from "../../api/call";
import { type Answer, asProblem, useCall } from "../../api/hooks";
import type { Message } from "../../api/methods";
import type { ApiProblem } from "../../api/problem";
import type { FlagRecord } from "./types";

const PAGE = 500;
/** How often the revision is asked for; the flags only when it is another one. */
const POLL_MS = 3000;

/** Returns how an environment stands: its newest revision, and who has it. */
export function useRevision(environment: string): Answer<Message<"GetDeliveryResponse">> {
  return useCall("mirante.api.flags.v1.FlagSyncService/GetDelivery", { environment }, POLL_MS);
}

/** The flags of an environment; undefined before the first answer. */
export interface Listing {
  readonly records: readonly FlagRecord[] | undefined;
  readonly problem: ApiProblem | undefined;
  readonly reload: () => void;
}

/**
 * Returns all flags of an environment.
 *
 * @param revision - they are asked for again when it changes; undefined: it is not known yet
 * @param archived - those that are archived, instead of those that are not
 */
export function useAllFlags(environment: string, revision: string | undefined, archived = false): Listing {
  const [known, setKnown] = useState<Omit<Listing, "reload"> & { archived: boolean }>();
  const [turn, setTurn] = useState(0);
  const load = useEffectEvent(async (signal: AbortSignal) => {
    try {
      const records = await allFlags(environment, archived, signal);
      if (!signal.aborted) setKnown({ records, problem: undefined, archived });
    } catch (error) {
      const problem = asProblem(error);
      if (!signal.aborted) setKnown((before) => ({ records: before?.records, archived, problem }));
    }
  });
  useEffect(() => {
    const end = new AbortController();
    void load(end.signal);
    return () => end.abort();
  }, [environment, revision, archived, turn]);
  const current = known?.archived === archived ? known : undefined;
  return { records: current?.records, problem: current?.problem, reload: () => setTurn(turn + 1) };
}

async function allFlags(environment: string, archived: boolean, signal: AbortSignal): Promise<FlagRecord[]> {
  const records: FlagRecord[] = [];
  const state = archived ? "FLAG_STATE_ARCHIVED" : "FLAG_STATE_UNSPECIFIED";
  for (let pageToken = ""; ; ) {
    const request = { environment, state, pageSize: PAGE, pageToken } as const;
    const page = await call("mirante.api.flags.v1.FlagAdminService/ListFlags", request, signal);
    records.push(...page.records);
    pageToken = page.nextPageToken;
    if (pageToken === "") return records;
  }
}
