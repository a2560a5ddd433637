import { createContext, createElement, type ReactNode, useContext, useMemo } from "react";
import type { Mirante } from "../client.js";
import { SharedLive } from "./shared_live.js";

/** What hooks find around them. */
export interface Surrounding {
  readonly client: Mirante;
  readonly live: SharedLive;
}

const Context = createContext<Surrounding | undefined>(undefined);

/** What `MiranteProvider` takes. */
export interface MiranteProviderProps {
  /** Made once, outside of any component. */
  readonly client: Mirante;
  readonly children?: ReactNode;
}

/** Gives a client to the hooks below it. */
export function MiranteProvider({ client, children }: MiranteProviderProps): ReactNode {
  const value = useMemo(() => ({ client, live: new SharedLive(client) }), [client]);
  return createElement(Context.Provider, { value }, children);
}

/** Return what is around a component. Raises an Error where there is no provider. */
export function useSurrounding(): Surrounding {
  const found = useContext(Context);
  if (!found) throw new Error("there is no MiranteProvider around this component");
  return found;
}
