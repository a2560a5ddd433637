import { expect, test } from "vitest";
import { beginOf, dateOf, datesOf, dayAfter, scopeOnPage, withDates, withDays } from "./periods";

const NOW = new Date("2026-03-02T02:30:00Z");

test("a date begins when clocks say so, and not always at midnight", () => {
  expect(beginOf("2026-03-02", "America/Sao_Paulo").toISOString()).toBe("2026-03-02T03:00:00.000Z");
  // Midnight did not exist: clocks went from 23:59 to 01:00.
  expect(beginOf("2018-11-04", "America/Sao_Paulo").toISOString()).toBe("2018-11-04T03:00:00.000Z");
  // 23:00 to 24:00 came twice the day before.
  expect(beginOf("2018-02-18", "America/Sao_Paulo").toISOString()).toBe("2018-02-18T03:00:00.000Z");
  expect(beginOf("2026-03-02", "UTC").toISOString()).toBe("2026-03-02T00:00:00.000Z");
});

test("the date of an instant is that of the zone", () => {
  expect(dateOf(NOW, "America/Sao_Paulo")).toBe("2026-03-01");
  expect(dateOf(NOW, "UTC")).toBe("2026-03-02");
});

test("days are counted by the calendar", () => {
  expect(dayAfter("2026-02-28")).toBe("2026-03-01");
  expect(dayAfter("2026-03-01", -29)).toBe("2026-01-31");
});

test("a period of dates has both of them in it, and is told back", () => {
  const scope = withDates({ compare: true, last: { count: 7 } }, { first: "2026-02-01", last: "2026-02-28" });
  expect(scope).toEqual({ compare: true, start: "2026-02-01T03:00:00.000Z", end: "2026-03-01T03:00:00.000Z" });
  expect(datesOf(scope, NOW)).toEqual({ first: "2026-02-01", last: "2026-02-28" });
  expect(datesOf({}, NOW)).toEqual({ first: "2026-01-31", last: "2026-03-01" });
});

test("a page's period takes the place of a report's own, its filters come beside them", () => {
  const filter = (name: string) => ({ property: { name }, operator: "FILTER_OPERATOR_PRESENT" as const });
  const own = { ...withDays({}, 35), filters: [filter("a")], compare: true };
  expect(scopeOnPage(own, {}, "acme")).toEqual({ ...own, tenant: "acme" });
  expect(scopeOnPage(own, { ...withDays({}, 7), filters: [filter("b")] }, "")).toEqual({
    ...withDays({}, 7),
    compare: true,
    filters: [filter("a"), filter("b")],
  });
});
