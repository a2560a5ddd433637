import { describe, expect, test } from "vitest";
import { formatOf, NOTHING } from "./format";

const pt = formatOf("pt-BR", "America/Sao_Paulo");
const en = formatOf("en", "UTC");
const plain = (text: string) => text.replace(/\u00a0|\u202f/g, " ");

describe("numbers", () => {
  test("are written as each language has it", () => {
    expect(pt.number("1234567")).toBe("1.234.567");
    expect(en.number(1234.56, 1)).toBe("1,234.6");
    expect(plain(pt.percent("0.1254"))).toBe("12,5%");
    expect(plain(pt.change("0.25"))).toBe("+25%");
    expect(plain(pt.change("-0.034"))).toBe("-3,4%");
    expect(plain(pt.change("16.1649"))).toBe("+1.616%");
    expect(plain(pt.change("0"))).toBe("0%");
  });

  test("of money keep every cent of a decimal string", () => {
    expect(plain(pt.money("90071992547409931.27", "BRL"))).toBe("R$ 90.071.992.547.409.931,27");
    expect(en.money("1234.5", "USD")).toBe("$1,234.50");
    expect(plain(pt.money("1500", "JPY"))).toBe("JP¥ 1.500");
  });

  test("of money without a currency, or with a strange one, are plain", () => {
    expect(pt.money("12.5", "")).toBe("12,50");
    expect(pt.money("12.5", "reais")).toBe("12,50");
  });

  test("that do not exist are a dash", () => {
    expect(pt.number("")).toBe(NOTHING);
    expect(pt.money("", "BRL")).toBe(NOTHING);
    expect(pt.percent("NaN")).toBe(NOTHING);
  });
});

describe("times", () => {
  const time = new Date("2025-11-25T17:04:09Z");

  test("are those of the time zone", () => {
    expect(pt.clock(time)).toBe("14:04:09");
    expect(en.clock(time)).toBe("17:04:09");
    expect(pt.dateTime(time)).toBe("25/11 14:04");
    expect(pt.dateTime(time, new Date("2026-01-02T00:00:00Z"))).toBe("25/11/2025 14:04");
  });

  test("midnight is 00, not 24", () => {
    expect(pt.minute(new Date("2025-11-25T03:00:00Z"))).toBe("00:00");
  });

  test("relative to now are in whole units", () => {
    expect(pt.ago(time, new Date("2025-11-25T17:09:50Z"))).toBe("há 5 minutos");
    expect(en.ago(new Date("2025-11-25T20:30:00Z"), time)).toBe("in 3 hours");
    expect(pt.ago(time, time)).toBe("agora");
  });

  test("lengths have at most two units", () => {
    expect(pt.duration(42)).toBe("42 s");
    expect(pt.duration(4800)).toBe("1 h 20 min");
    expect(pt.duration(3600)).toBe("1 h");
    expect(pt.duration(180_000)).toBe("2 d 2 h");
  });
});
