import { expect, test } from "vitest";
import { waitMs } from "./backoff";
import { problemOf } from "./problem";

test("a problem document becomes an error that names its fields", () => {
  const problem = problemOf(400, {
    status: 400,
    reason: "INVALID_REQUEST",
    detail: "the rule does not hold",
    errors: [
      { field: "rule.metric", detail: "unknown" },
      { field: "rule.tenants[2]", detail: "empty" },
    ],
  });
  expect(problem.message).toBe("the rule does not hold");
  expect(problem.violation("rule.metric")).toBe("unknown");
  expect(problem.violation("rule.tenants")).toBe("empty");
  expect(problem.violation("rule.met")).toBeUndefined();
  expect(problem.passing).toBe(false);
});

test("whatever else answers is a problem too", () => {
  for (const document of [undefined, null, "Bad Gateway", { errors: "x", status: "y" }, []]) {
    const problem = problemOf(502, document);
    expect(problem).toMatchObject({ status: 502, reason: "UNKNOWN", violations: [] });
    expect(problem.passing).toBe(true);
  }
});

test("waits grow to a limit, are spread, and are never shorter than asked", () => {
  expect([1, 2, 3, 4].map((failures) => waitMs(failures, 1))).toEqual([500, 1000, 2000, 4000]);
  expect(waitMs(50, 1)).toBe(15_000);
  expect(waitMs(3, 0)).toBe(1000);
  expect(waitMs(1, 0, 9000)).toBe(9000);
});
