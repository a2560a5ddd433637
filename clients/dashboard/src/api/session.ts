/** Who is logged in, as one state that the whole page shares. */
import { useSyncExternalStore } from "react";
import { HEADERS, onUnauthenticated, send } from "./call";
import type { Message } from "./methods";
import { ApiProblem } from "./problem";

/** A person who is logged in, and the environments that can be chosen. */
export type Session = Message<"Session">;

/** How people may log in here. `oidc` is the name of the provider. */
export type LoginOptions = Message<"LoginOptions">;

/** `expired`: somebody was logged in, and the server no longer knows the session. */
export type SessionState =
  | { readonly kind: "asking" }
  | { readonly kind: "unreachable" }
  | { readonly kind: "anonymous"; readonly expired: boolean }
  | { readonly kind: "known"; readonly session: Session };

let state: SessionState = { kind: "asking" };
const listeners = new Set<() => void>();

function become(next: SessionState): void {
  state = next;
  for (const listener of listeners) listener();
}

onUnauthenticated(() => {
  if (state.kind === "known") become({ kind: "anonymous", expired: true });
});

/** Asks the server who is logged in. */
export async function askSession(): Promise<void> {
  try {
    const response = await send("/api/session", {});
    become({ kind: "known", session: (await response.json()) as Session });
  } catch (error) {
    const refused = error instanceof ApiProblem && error.status === 401;
    become(refused ? { kind: "anonymous", expired: false } : { kind: "unreachable" });
  }
}

/**
 * Logs in with a password.
 *
 * @throws ApiProblem with status 401 when they do not match
 */
export async function logIn(login: string, password: string): Promise<void> {
  const body = JSON.stringify({ login, password });
  const response = await send("/api/login", { method: "POST", headers: HEADERS, body });
  become({ kind: "known", session: (await response.json()) as Session });
}

/**
 * Changes the password of who is logged in; all other sessions of theirs end.
 *
 * @throws ApiProblem with status 401 when the old one is wrong
 */
export async function changePassword(old: string, next: string): Promise<void> {
  const body = JSON.stringify({ old_password: old, new_password: next });
  const response = await send("/api/password", { method: "POST", headers: HEADERS, body });
  become({ kind: "known", session: (await response.json()) as Session });
}

/**
 * Ends the session, here and on the server.
 *
 * @throws ApiProblem when the server did not take it; the session goes on then
 */
export async function logOut(): Promise<void> {
  await send("/api/logout", { method: "POST", headers: HEADERS, body: "{}" });
  become({ kind: "anonymous", expired: false });
}

/**
 * Asks how people may log in.
 *
 * @throws ApiProblem when there was no answer
 */
export async function loginOptions(): Promise<LoginOptions> {
  return (await (await send("/api/login/options", {})).json()) as LoginOptions;
}

/** Returns the state, and draws again when it changes. */
export function useSessionState(): SessionState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}

/** Returns who is logged in; for what is drawn only then. */
export function useSession(): Session {
  const current = useSessionState();
  if (current.kind !== "known") throw new Error("nobody is logged in");
  return current.session;
}

/** Whether the person may change things. The services decide; this only keeps buttons from promising too much. */
export function mayEdit(session: Session): boolean {
  return session.person.role !== "viewer";
}
