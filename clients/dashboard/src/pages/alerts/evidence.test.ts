import { expect, test } from "vitest";
import type { Message } from "../../api/methods";
import { formatOf } from "../../i18n/format";
import { speechOf } from "../../i18n/language";
import { texts as PORTUGUESE } from "../../i18n/pt";
import { evidenceOf } from "./evidence";

const ALERT = {
  kind: "ALERT_KIND_DROP",
  metric: "vendas_hora",
  currency: "",
  startTime: "2025-11-25T20:00:00Z",
  endTime: "2025-11-25T21:00:00Z",
  observed: "2",
  expected: "31.4",
  lowerBound: "14",
  upperBound: "",
  probability: 0.0001,
};
const speech = { ...speechOf("pt-BR", PORTUGUESE), format: formatOf("pt-BR", "America/Sao_Paulo") };
const sentence = (rest: object) => evidenceOf({ ...ALERT, ...rest } as Message<"Alert">, speech);

test("an unusual hour is told with what was expected and how rare it is", () => {
  expect(sentence({})).toBe(
    "Vendas: 2 das 17:00 às 18:00, quando o esperado era 31. Algo tão raro acontece uma vez em 10.000 horas.",
  );
});

test("a gap and a limit are told by what they are", () => {
  expect(sentence({ kind: "ALERT_KIND_GAP", probability: 0 })).toBe(
    "Nada de Vendas das 17:00 às 18:00, quando o esperado era 31.",
  );
  const limit = { kind: "ALERT_KIND_THRESHOLD", metric: "conversao_rate", observed: "0.02", lowerBound: "0.05" };
  expect(sentence(limit)).toBe("Conversão: 2%, além do limite de 5%.");
});
