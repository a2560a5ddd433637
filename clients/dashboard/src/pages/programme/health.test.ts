import { expect, test } from "vitest";
import { formatOf } from "../../i18n/format";
import { type Health, monthText, preciseLength, type Recovery, reasonOf, tookSeconds } from "./health";

const PT = formatOf("pt-BR", "UTC");

test("a figure is unknown for its own reason", () => {
  const health: Health = { days: 90, unknown: [{ figure: "live", reason: "the log is not read" }] };
  expect(reasonOf(health, "live")).toBe("the log is not read");
  expect(reasonOf(health, "stages")).toBeUndefined();
});

test("short lengths keep what tells them apart", () => {
  expect(preciseLength(2.44, PT)).toBe("2,4 s");
  expect(preciseLength(59.97, PT)).toBe("1 min 0 s");
  expect(preciseLength(200, PT)).toBe("3 min 20 s");
  expect(preciseLength(3599.6, PT)).toBe("1 h");
  expect(preciseLength(3900, PT)).toBe("1 h 5 min");
});

test("a recovery took from its first sign until the flag was off, never less than nothing", () => {
  const recovery = (beganAt: string, offAt?: string): Recovery => ({
    flagKey: "f",
    sign: "RECOVERY_SIGN_ALERT",
    beganAt,
    by: "",
    text: "",
    ...(offAt === undefined ? {} : { offAt }),
  });
  expect(tookSeconds(recovery("2026-03-10T12:00:00Z", "2026-03-10T12:00:02.5Z"))).toBe(2.5);
  expect(tookSeconds(recovery("2026-03-10T12:00:01Z", "2026-03-10T12:00:00Z"))).toBe(0);
  expect(tookSeconds(recovery("2026-03-10T12:00:00Z"))).toBeUndefined();
});

test("a month is that of the name, wherever the browser is", () => {
  expect(monthText("2026-11", "en")).toBe("Nov 2026");
  expect(monthText("2026-11", "pt-BR")).toMatch(/^nov\. (de )?2026$/);
  expect(monthText("?", "en")).toBe("?");
});
