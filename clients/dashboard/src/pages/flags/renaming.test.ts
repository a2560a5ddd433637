import { expect, test } from "vitest";
import { exampleFlag } from "./example";
import { moved } from "./lists";
import { withVariants } from "./renaming";

const flag = exampleFlag({
  targets: [{ attribute: "tenant_id", variant: "on", values: ["acme"] }],
  rules: [{ id: "r", description: "", conditions: [], serve: { rollout: { bucketBy: "", splits: [{ variant: "on", weight: 100_000 }] } } }],
});

test("all that names a variant follows its new name", () => {
  const [on, off] = flag.variants;
  if (on === undefined || off === undefined) throw new Error("two variants");
  const next = withVariants(flag, [{ ...on, name: "sim" }, off]);
  expect(next.targets[0]?.variant).toBe("sim");
  expect(next.rules[0]?.serve?.rollout?.splits[0]?.variant).toBe("sim");
  expect(next.fallthrough).toEqual({ variant: "sim" });
  expect(next.offVariant).toBe("off");
});

test("variants that come and go rename nothing", () => {
  expect(withVariants(flag, flag.variants.slice(0, 1)).fallthrough).toEqual({ variant: "on" });
});

test("what is moved keeps the order of the rest, and goes no further than the ends", () => {
  expect(moved(["a", "b", "c"], 0, 1)).toEqual(["b", "a", "c"]);
  expect(moved(["a", "b", "c"], 2, 0)).toEqual(["c", "a", "b"]);
  expect(moved(["a", "b"], 0, -1)).toEqual(["a", "b"]);
  expect(moved(["a", "b"], 1, 2)).toEqual(["a", "b"]);
});
