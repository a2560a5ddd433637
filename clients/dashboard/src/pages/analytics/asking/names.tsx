/** What questions may name: events, properties. Offered while people write; another name is taken as well. */
import { createContext, type ReactNode, use, useId, useMemo } from "react";
import { useCall } from "../../../api/hooks";
import type { Message } from "../../../api/methods";
import { useScope } from "../../../shell/scope";
import { SERVICE } from "./question";

interface Names {
  readonly events: readonly Message<"ReportEventName">[];
  readonly properties: readonly string[];
  readonly contextProperties: readonly string[];
  /** Ids of the lists that inputs offer. */
  readonly lists: { readonly events: string; readonly properties: string; readonly context: string };
}

const NamesContext = createContext<Names | null>(null);

/** Asks for the names once for everything inside. */
export function NamesProvider({ children }: { readonly children: ReactNode }) {
  const { environment, tenant } = useScope();
  const { data } = useCall(`${SERVICE}/ListReportNames`, { environment, tenant });
  const id = useId();
  const names = useMemo(
    () => ({
      events: data?.events ?? [],
      properties: data?.properties ?? [],
      contextProperties: data?.contextProperties ?? [],
      lists: { events: `${id}-events`, properties: `${id}-properties`, context: `${id}-context` },
    }),
    [data, id],
  );
  return (
    <NamesContext value={names}>
      {children}
      <datalist id={names.lists.events}>
        {names.events.map((each) => (
          <option key={each.name} value={each.name}>
            {each.description}
          </option>
        ))}
      </datalist>
      <Offered id={names.lists.properties} names={names.properties} />
      <Offered id={names.lists.context} names={names.contextProperties} />
    </NamesContext>
  );
}

function Offered({ id, names }: { readonly id: string; readonly names: readonly string[] }) {
  return (
    <datalist id={id}>
      {names.map((each) => (
        <option key={each} value={each} />
      ))}
    </datalist>
  );
}

/** Returns the names that are known. */
export function useReportNames(): Names {
  const names = use(NamesContext);
  if (names === null) throw new Error("outside of NamesProvider");
  return names;
}
