import { expect, test } from "vitest";
import { onTopOf } from "./drafts";
import { exampleFlag } from "./example";

const record = (flag: ReturnType<typeof exampleFlag>, etag: string) => ({ flag, etag, revision: "1", archived: false, updatedBy: "ana" });
const kill = { by: "ana", reason: "erro" };

test("a flag that was killed meanwhile is edited further, and stays killed", () => {
  const draft = { base: record(exampleFlag(), "a"), flag: exampleFlag({ owner: "time" }) };
  const newer = record(exampleFlag({ kill, version: "4" }), "b");
  expect(onTopOf(newer, draft)).toEqual({ base: newer, flag: exampleFlag({ kill, version: "4", owner: "time" }) });
});

test("a newer definition is not written over", () => {
  const draft = { base: record(exampleFlag(), "a"), flag: exampleFlag({ owner: "time" }) };
  expect(onTopOf(record(exampleFlag({ on: false }), "b"), draft)).toBe(draft);
});
