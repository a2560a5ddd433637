import { expect, test } from "vitest";
import { ApiProblem } from "../api/problem";
import { speechOf } from "../i18n/language";
import { texts as PORTUGUESE } from "../i18n/pt";
import { sparkPath } from "./chart/spark";
import { timeMarks } from "./chart/times";
import { sorted } from "./sorting";
import { problemText } from "./states";

test("rows are sorted either way, and those without a value come last", () => {
  const rows = [{ v: 2 }, { v: undefined }, { v: 10 }, { v: Number.NaN }, { v: 1 }];
  const values = (descending: boolean) => sorted(rows, (row) => row.v, descending).map((row) => row.v);
  expect(values(false)).toEqual([1, 2, 10, undefined, Number.NaN]);
  expect(values(true)).toEqual([10, 2, 1, undefined, Number.NaN]);
});

test("numbers in texts count as numbers", () => {
  expect(sorted(["loja 10", "loja 9", ""], (name) => name, false)).toEqual(["loja 9", "loja 10", ""]);
});

test("marks of a time axis are round times of the clock", () => {
  const from = Date.UTC(2025, 10, 25, 10, 7);
  const marks = timeMarks(from, from + 6 * 3_600_000, 8, 180).map((mark) => new Date(mark).toISOString().slice(11, 16));
  expect(marks).toEqual(["11:00", "12:00", "13:00", "14:00", "15:00", "16:00"]);
  const day = timeMarks(from, from + 86_400_000, 6, 210).map((mark) => new Date(mark).toISOString().slice(11, 16));
  expect(day).toEqual(["11:30", "15:30", "19:30", "23:30", "03:30", "07:30"]);
});

test("a sparkline spans its width, bridges gaps, and stands on zero", () => {
  expect(sparkPath([0, null, 10], 100, 14)).toBe("M0,12L100,2");
  expect(sparkPath([5, 5], 10, 14)).toBe("M0,2L10,2");
  expect(sparkPath([null, 3, null], 100, 14)).toBe("");
});

test("a refusal is said in the language of the page where its reason says enough", () => {
  const { t } = speechOf("pt-BR", PORTUGUESE);
  const said = (status: number, reason: string) => problemText(new ApiProblem(status, reason, "in English"), t);
  expect(said(503, "STORE_UNAVAILABLE")).toBe("O servidor não responde.");
  expect(said(404, "FLAG_NOT_FOUND")).toBe("Isto não existe, ou não existe mais, neste ambiente.");
  expect(said(409, "ALREADY_EXISTS")).toBe("Esta chave já está em uso, talvez por algo arquivado.");
  expect(said(409, "STATE_CONFLICT")).toBe("O estado atual não permite isto: in English");
  expect(said(400, "INVALID_REQUEST")).toBe("in English");
});
