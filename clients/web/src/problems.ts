import type { components } from "./contract.js";

/** A refusal of the gateway (RFC 9457). `reason` never changes its meaning. */
export type Problem = components["schemas"]["Problem"];

/** Something that an application may want to log. None of them carries a token, a key or the content of an event. */
export type Trouble =
  /** The gateway took a batch and refused one of its events for good. */
  | { kind: "event_rejected"; event: string; reason: string; field: string; detail: string }
  /** Events were given up: there was no room, they were too old, or they were none. */
  | { kind: "events_dropped"; cause: DropCause; count: number; detail: string }
  /** The gateway refuses a request and will go on doing so until somebody changes something. */
  | { kind: "refused"; what: string; status: number; reason: string; detail: string }
  /** `getToken` failed, or gave the token of somebody else. */
  | { kind: "token"; detail: string };

/** Why events were given up. */
export type DropCause = "overflow" | "expired" | "invalid";

/** Tells the application; never raises. */
export type Report = (trouble: Trouble) => void;

/** Return a reporter that survives whatever the application does. */
export function safeReport(report: Report | undefined): Report {
  return (trouble) => {
    try {
      report?.(trouble);
    } catch {
      // An application that fails to log must not lose its flags by it.
    }
  };
}
