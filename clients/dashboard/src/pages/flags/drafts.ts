/** What a person is changing and has not saved. It is kept while other pages are looked at, and asked for before the tab closes. */
import { useEffect, useState } from "react";
import { changedFields } from "./changes";
import type { Flag, FlagRecord } from "./types";

/** A version that was read, and what is being made of it. */
export interface Draft {
  readonly base: FlagRecord;
  readonly flag: Flag;
}

const drafts = new Map<string, Draft>();

/** Returns the draft of a flag, and what changes it; undefined ends it. */
export function useDraft(environment: string, key: string): [Draft | undefined, (draft: Draft | undefined) => void] {
  const name = `${environment} ${key}`;
  const [draft, setDraft] = useState(() => drafts.get(name));
  const change = (next: Draft | undefined) => {
    if (next === undefined) drafts.delete(name);
    else drafts.set(name, next);
    setDraft(next);
  };
  const dirty = draft?.base.flag !== undefined && changedFields(draft.base.flag, draft.flag).length > 0;
  useEffect(() => {
    if (!dirty) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [dirty]);
  return [draft, change];
}
