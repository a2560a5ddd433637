/** What all pages look at: an environment and, where one is chosen, a tenant. Both stand in the address, to be shared. */
import { useCallback } from "react";
import { useLocation, useSearch } from "wouter";
import { useSession } from "../api/session";

const STORED = "mirante.environment";
/** The environment that people mean when they have not chosen one. */
const USUAL = "production";

/** The environment and tenant that are looked at. */
export interface Scope {
  readonly environment: string;
  /** Empty: all tenants. */
  readonly tenant: string;
  readonly setEnvironment: (environment: string) => void;
  readonly setTenant: (tenant: string) => void;
  /** The address of another page of the same scope. */
  readonly href: (path: string) => string;
}

/** Reads the scope out of the address. Without an environment there, it is the last one chosen here, `production`, or the first. */
export function useScope(): Scope {
  const { environments } = useSession();
  const [path, navigate] = useLocation();
  const search = useSearch();
  const parameters = new URLSearchParams(search);
  const known = (name: string | null): name is string => name !== null && environments.includes(name);
  const asked = parameters.get("env");
  const stored = localStorage.getItem(STORED);
  const environment = [asked, stored, USUAL].find(known) ?? environments[0] ?? "";
  const tenant = parameters.get("tenant") ?? "";

  const setEnvironment = useCallback(
    (next: string) => {
      localStorage.setItem(STORED, next);
      navigate(addressOf(path, next, ""));
    },
    [navigate, path],
  );
  const setTenant = useCallback(
    (next: string) => {
      // What else the page has in its address stays as it is.
      const others = new URLSearchParams(search);
      for (const name of ["env", "tenant"]) others.delete(name);
      const rest = others.toString();
      navigate(addressOf(path, environment, next) + (rest === "" ? "" : `&${rest}`));
    },
    [navigate, path, environment, search],
  );
  const href = useCallback((to: string) => addressOf(to, environment, tenant), [environment, tenant]);
  return { environment, tenant, setEnvironment, setTenant, href };
}

function addressOf(path: string, environment: string, tenant: string): string {
  const parameters = new URLSearchParams({ env: environment });
  if (tenant !== "") parameters.set("tenant", tenant);
  return `${path}?${parameters.toString()}`;
}
