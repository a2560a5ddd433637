import { expect, test } from "vitest";
import { texts as ENGLISH } from "./en";
import { speechOf } from "./language";
import { filled, type MessageKey } from "./messages";
import { texts as PORTUGUESE } from "./pt";

const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

test("both languages have a text for every key, with the same places for values", () => {
  const keys = Object.keys(PORTUGUESE) as MessageKey[];
  expect(Object.keys(ENGLISH).sort()).toEqual([...keys].sort());
  for (const key of keys) {
    expect(ENGLISH[key], key).not.toBe("");
    expect(names(ENGLISH[key]), key).toEqual(names(PORTUGUESE[key]));
  }
});

test("a counted text has both its forms", () => {
  const keys = Object.keys(PORTUGUESE);
  for (const key of keys.filter((each) => each.endsWith("_one"))) expect(keys).toContain(key.replace(/_one$/, "_other"));
  for (const key of keys.filter((each) => each.endsWith("_other"))) expect(keys).toContain(key.replace(/_other$/, "_one"));
});

test("values are put in, and what has no value stays", () => {
  expect(filled("{a} de {b}", { a: 1 })).toBe("1 de {b}");
});

test("a count chooses its form by the rules of the language", () => {
  expect(speechOf("pt-BR", PORTUGUESE).counted("nav.openAlerts", 1)).toBe("1 alerta aberto");
  expect(speechOf("pt-BR", PORTUGUESE).counted("nav.openAlerts", 1200)).toBe("1.200 alertas abertos");
  expect(speechOf("pt-BR", PORTUGUESE).counted("nav.openAlerts", 0)).toBe("0 alertas abertos");
  expect(speechOf("en", ENGLISH).counted("nav.openAlerts", 0)).toBe("0 open alerts");
});
