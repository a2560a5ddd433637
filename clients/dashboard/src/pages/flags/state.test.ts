import { expect, test } from "vitest";
import { exampleFlag } from "./example";
import { EVERYTHING, isWanted, stateOf } from "./state";

const now = new Date("2025-11-25T12:00:00Z");

test("kill decides before off, off before the times, and the end is not included", () => {
  const kill = { by: "ana", reason: "erro" };
  const [start, end] = ["2025-11-25T12:00:01Z", "2025-11-25T12:00:00Z"];
  expect(stateOf(exampleFlag({ kill, on: false }), false, now)).toBe("killed");
  expect(stateOf(exampleFlag({ on: false, startsAt: start }), false, now)).toBe("off");
  expect(stateOf(exampleFlag({ startsAt: start }), false, now)).toBe("scheduled");
  expect(stateOf(exampleFlag({ endsAt: end }), false, now)).toBe("ended");
  expect(stateOf(exampleFlag({ startsAt: end, endsAt: start }), false, now)).toBe("on");
  expect(stateOf(exampleFlag({ kill }), true, now)).toBe("archived");
});

test("all filters have to hold, and a search looks into key and description", () => {
  const flag = exampleFlag({ tags: ["ui", "vendas"], owner: "time-vendas", description: "Tela nova" });
  const record = { flag, etag: "", revision: "1", archived: false, updatedBy: "" };
  const wants = (rest: Partial<typeof EVERYTHING>) => isWanted(record, { ...EVERYTHING, ...rest }, now);
  expect(wants({})).toBe(true);
  expect(wants({ search: " TELA ", tag: "vendas", owner: "time-vendas", state: "on", type: "FLAG_TYPE_BOOL" })).toBe(true);
  expect(wants({ search: "nova_u" })).toBe(true);
  for (const rest of [{ search: "outra" }, { tag: "vend" }, { owner: "time" }, { state: "off" as const }]) {
    expect(wants(rest)).toBe(false);
  }
});
