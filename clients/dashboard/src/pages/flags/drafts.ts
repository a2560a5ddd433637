/** What a person is changing and has not saved. It is kept while other pages are looked at, and asked for before the tab closes. */
import { useEffect, useState } from "react";
import { changedFields, FIELDS, withFields } from "./changes";
import type { Flag, FlagRecord } from "./types";

/** A version that was read, and what is being made of it. */
export interface Draft {
  readonly base: FlagRecord;
  readonly flag: Flag;
}

/** Returns the draft on top of a newer version, when only what nobody edits (the kill state) differs in it; otherwise as it is. */
export function onTopOf(record: FlagRecord, draft: Draft): Draft {
  const [before, after] = [draft.base.flag, record.flag];
  if (before === undefined || after === undefined || changedFields(before, after).length > 0) return draft;
  return { base: record, flag: withFields(after, draft.flag, FIELDS) };
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
