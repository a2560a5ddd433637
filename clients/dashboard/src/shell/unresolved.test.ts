import { expect, test } from "vitest";
import type { Message } from "../api/methods";
import { afterMessage, ranked } from "./unresolved";

function alert(id: string, state: string, revision: number, rest: Partial<Message<"Alert">> = {}): Message<"Alert"> {
  const fields = { id, state: `ALERT_STATE_${state}`, revision: String(revision), severity: "ALERT_SEVERITY_WARNING" };
  return { ...fields, ...rest } as Message<"Alert">;
}

const states = (alerts: ReturnType<typeof afterMessage>) => [...alerts.values()].map((each) => `${each.id} ${each.revision}`);

test("a snapshot is everything, and later messages change single alerts", () => {
  const before = new Map([["gone", alert("gone", "OPEN", 1)]]);
  const first = afterMessage(before, { snapshot: true, alerts: [alert("a", "OPEN", 2), alert("b", "OPEN", 3)] });
  expect(states(first)).toEqual(["a 2", "b 3"]);
  const next = afterMessage(first, { snapshot: false, alerts: [alert("a", "RESOLVED", 4), alert("c", "OPEN", 5)] });
  expect(states(next)).toEqual(["b 3", "c 5"]);
});

test("what is told late does not undo what is newer", () => {
  const first = new Map([["a", alert("a", "ACKNOWLEDGED", 9)]]);
  const next = afterMessage(first, { snapshot: false, alerts: [alert("a", "OPEN", 8)] });
  expect(next.get("a")?.state).toBe("ALERT_STATE_ACKNOWLEDGED");
});

test("what wants attention comes first", () => {
  const order = ranked([
    alert("acknowledged", "ACKNOWLEDGED", 1, { severity: "ALERT_SEVERITY_CRITICAL" }),
    alert("old", "OPEN", 1, { openedAt: "2025-11-25T10:00:00Z" }),
    alert("info", "OPEN", 1, { severity: "ALERT_SEVERITY_INFO", openedAt: "2025-11-25T12:00:00Z" }),
    alert("new", "OPEN", 1, { openedAt: "2025-11-25T11:00:00Z" }),
    alert("critical", "OPEN", 1, { severity: "ALERT_SEVERITY_CRITICAL" }),
  ]);
  expect(order.map((each) => each.id)).toEqual(["critical", "new", "old", "info", "acknowledged"]);
});
