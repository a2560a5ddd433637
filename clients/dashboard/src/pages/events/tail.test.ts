import { expect, test } from "vitest";
import type { Message } from "../../api/methods";
import { KEPT, matches, NOTHING_YET, received, resumed, uuidOf } from "./tail";

function stored(id: string, rest: Partial<Message<"Event">> = {}): Message<"StoredEvent"> {
  const event = { id, name: "venda_criada", tenant: "acme", userId: "u1", anonymousId: "", sessionId: "", properties: {}, ...rest };
  return { event, timeMarks: [], actorId: "", definitionVersion: 1, imported: false };
}

const ids = (events: readonly Message<"StoredEvent">[]) => events.map((each) => each.event?.id).join(" ");

test("the newest come first, and what a stream brings again is shown once", () => {
  const first = received(NOTHING_YET, [stored("a"), stored("b")], 0, false);
  const next = received(first, [stored("b"), stored("c"), stored("c")], 4, false);
  expect(ids(next.shown)).toBe("c b a");
  expect(next.missed).toBe(4);
});

test("while it is paused nothing moves, and afterwards all is there", () => {
  const first = received(NOTHING_YET, [stored("a")], 0, false);
  const paused = received(first, [stored("a"), stored("b"), stored("c")], 0, true);
  expect(ids(paused.shown)).toBe("a");
  expect(paused.waited).toBe(2);
  const after = resumed(paused);
  expect(ids(after.shown)).toBe("c b a");
  expect(after.waited).toBe(0);
});

test("however much comes in, only the newest are kept", () => {
  const many = Array.from({ length: KEPT + 50 }, (_, index) => stored(String(index)));
  expect(received(NOTHING_YET, many, 0, false).shown.length).toBe(KEPT);
  const paused = received(NOTHING_YET, many, 0, true);
  expect(paused.waiting.length).toBe(KEPT);
  expect(paused.waited).toBe(KEPT + 50);
  expect(paused.waiting[0]?.event?.id).toBe(String(KEPT + 49));
});

test("all words of a filter have to stand somewhere in the event", () => {
  const event = stored("a", { properties: { valor: { stringValue: "120.50" }, itens: { intValue: "3" } } });
  for (const text of ["", "VENDA acme", "valor=120", "itens=3 u1"]) expect(matches(event, text), text).toBe(true);
  for (const text of ["ipe", "venda itens=4"]) expect(matches(event, text), text).toBe(false);
});

test("ids are written as UUIDs", () => {
  expect(uuidOf("AaIUjrEXeKWmtEcP9ym0hg==")).toBe("01a2148e-b117-78a5-a6b4-470ff729b486");
  expect(uuidOf("AaI=")).toBe("AaI=");
});
