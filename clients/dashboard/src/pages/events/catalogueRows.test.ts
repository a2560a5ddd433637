import { expect, test } from "vitest";
import type { Message } from "../../api/methods";
import { daysUntil, rowsOf } from "./catalogueRows";

const days = daysUntil(new Date("2025-11-25T23:59:00Z"), 3);

function definition(name: string): Message<"EventDefinition"> {
  return { name, version: 1, description: "", owner: "", policy: "POLICY_UNSPECIFIED", properties: [], stampsTrait: "", sources: [] };
}

function coverage(name: string, day: string, rest: Partial<Message<"Coverage">>): Message<"Coverage"> {
  return { name, day, declared: true, accepted: "0", violating: "0", deadLetters: "0", violations: [], ...rest };
}

test("days are those of UTC, the present one last", () => {
  expect(days).toEqual(["2025-11-23", "2025-11-24", "2025-11-25"]);
});

test("what is declared and what was seen stand in one list", () => {
  const rows = rowsOf(
    [definition("venda"), definition("quieto"), definition("torto")],
    [
      coverage("venda", "2025-11-24", { accepted: "10" }),
      coverage("venda", "2025-11-23", { accepted: "5" }),
      coverage("estranho", "2025-11-25", { accepted: "2", declared: false }),
      coverage("torto", "2025-11-23", { deadLetters: "3", violations: ["antiga"] }),
      coverage("torto", "2025-11-24", { deadLetters: "1", violations: ["nova"] }),
    ],
    days,
  );
  expect(rows.map((row) => [row.name, row.standing, row.accepted, row.dead, row.lastDay])).toEqual([
    ["estranho", "undeclared", 2, 0, "2025-11-25"],
    ["quieto", "unseen", 0, 0, undefined],
    ["torto", "wrong", 0, 4, "2025-11-24"],
    ["venda", "seen", 15, 0, "2025-11-24"],
  ]);
  expect(rows[3]?.days.map((day) => day.accepted)).toEqual([5, 10, 0]);
  expect(rows[2]?.violations).toEqual(["nova"]);
});
