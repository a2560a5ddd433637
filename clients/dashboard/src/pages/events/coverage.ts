/** The catalogue and its coverage, as pages need them together. */
import { useMemo, useState } from "react";
import { useCall } from "../../api/hooks";
import type { Message } from "../../api/methods";
import type { ApiProblem } from "../../api/problem";
import { daysUntil, type Row, rowsOf } from "./catalogueRows";

const REFRESH_MS = 15_000;

/** How many days can be looked at. */
export const PERIODS = ["7", "14", "30"] as const;

/** One of them. */
export type Period = (typeof PERIODS)[number];

/** What is known; undefined before the first answers. */
export interface Covered {
  readonly rows: readonly Row[] | undefined;
  readonly catalogue: Message<"Catalogue"> | undefined;
  readonly problem: ApiProblem | undefined;
  readonly reload: () => void;
}

/** Returns the catalogue beside what was seen in so many days, kept up to date. */
export function useCovered(environment: string, period: Period): Covered {
  const days = Number(period);
  const known = useCall("mirante.api.telemetry.v1.CatalogueService/GetCatalogue", { environment }, REFRESH_MS);
  const seen = useCall("mirante.api.telemetry.v1.CatalogueService/GetCoverage", { environment, days }, REFRESH_MS);
  const catalogue = known.data?.catalogue;
  const coverage = seen.data;
  const rows = useMemo(
    () => (catalogue && coverage ? rowsOf(catalogue.events, coverage.rows, daysUntil(new Date(), days)) : undefined),
    [catalogue, coverage, days],
  );
  const reload = () => {
    known.reload();
    seen.reload();
  };
  return { rows, catalogue, problem: known.problem ?? seen.problem, reload };
}

/** Returns the chosen period, kept while other pages are looked at. */
export function usePeriod(): [Period, (period: Period) => void] {
  const [period, setPeriod] = useState<Period>(remembered);
  const choose = (next: Period) => {
    remembered = next;
    setPeriod(next);
  };
  return [period, choose];
}

let remembered: Period = "7";
