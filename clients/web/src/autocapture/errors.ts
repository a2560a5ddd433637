import type { Mirante } from "../client.js";

const MOST_ON_A_PAGE = 20;
const MOST_MESSAGE = 500;

/** Tracks `erro_frontend`: each error once, and 20 at most on a page that is loaded once. Returns what ends that. */
export function captureErrors(client: Mirante): () => void {
  const seen = new Set<string>();
  const note = (tipo: string, mensagem: string): void => {
    const error = `${tipo} ${mensagem}`;
    if (seen.size >= MOST_ON_A_PAGE || seen.has(error)) return;
    seen.add(error);
    client.track("erro_frontend", { tipo, mensagem });
  };
  const failed = (event: ErrorEvent): void => {
    // Files that could not be loaded come without a message.
    if (event.message) note(...described(event.error, event.message));
  };
  const rejected = (event: PromiseRejectionEvent): void => note(...described(event.reason, "unhandled rejection"));
  addEventListener("error", failed);
  addEventListener("unhandledrejection", rejected);
  return () => {
    removeEventListener("error", failed);
    removeEventListener("unhandledrejection", rejected);
  };
}

/** Return the class and the message of whatever was thrown. */
export function described(thrown: unknown, fallback: string): [tipo: string, mensagem: string] {
  if (thrown instanceof Error) return [thrown.name || "Error", (thrown.message || fallback).slice(0, MOST_MESSAGE)];
  return ["Error", (typeof thrown === "string" && thrown ? thrown : fallback).slice(0, MOST_MESSAGE)];
}
