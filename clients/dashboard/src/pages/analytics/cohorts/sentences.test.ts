import { expect, test } from "vitest";
import { speechOf } from "../../../i18n/language";
import { texts as PORTUGUESE } from "../../../i18n/pt";
import { cohortSentence } from "./sentences";

const SPEECH = speechOf("pt-BR", PORTUGUESE);
const selection = { event: "venda_criada", filters: [] };

test("a cohort says who is in it", () => {
  const trait = {
    property: { name: "plano", origin: "PROPERTY_ORIGIN_TRAIT" },
    operator: "FILTER_OPERATOR_IS",
    values: ["pro"],
  } as const;
  const said = cohortSentence(
    { match: "COHORT_MATCH_ALL", conditions: [{ did: { selection, atLeast: 3, days: 30 } }, { trait: { ...trait, values: ["pro"] } }] },
    SPEECH,
  );
  expect(said).toBe("fez venda_criada ao menos 3× em 30 dias e plano é pro");
});

test("who never did something is told from who did it seldom", () => {
  const said = (did: object) => cohortSentence({ match: "COHORT_MATCH_ANY", conditions: [{ did: { selection, days: 0, ...did } }] }, SPEECH);
  expect(said({ atMost: 0 })).toBe("não fez venda_criada em toda a história");
  expect(said({ atMost: 2 })).toBe("fez venda_criada de 0 a 2× em toda a história");
});
