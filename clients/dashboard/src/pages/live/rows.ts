/** The table of all tenants; pure. */
import type { Message } from "../../api/methods";
import type { Alerts } from "../../shell/unresolved";
import { sumOf } from "./decimals";
import { entriesOf } from "./state";

/** The numbers of one tenant. */
export interface TenantRow {
  readonly tenant: string;
  readonly sales: number;
  /** By currency, the largest first. */
  readonly revenue: readonly Message<"LiveMetric">[];
  readonly online: number;
  /** A ratio; empty when there is none. */
  readonly conversion: string;
  readonly errors: number;
  /** That are open, and nobody has acknowledged. */
  readonly alerts: number;
  readonly asOf: string;
  readonly catchingUp: boolean;
}

/** The numbers of all tenants together. */
export interface Totals {
  readonly sales: number;
  readonly revenue: readonly { readonly currency: string; readonly value: string }[];
  readonly online: number;
  readonly alerts: number;
  /** Of the newest frame. */
  readonly asOf: string | undefined;
  readonly catchingUp: boolean;
}

/** Returns a row for each tenant. */
export function rowsOf(frames: ReadonlyMap<string, Message<"LiveFrame">>, alerts: Alerts): TenantRow[] {
  const open = new Map<string, number>();
  for (const alert of alerts.values()) {
    if (alert.state === "ALERT_STATE_OPEN") open.set(alert.tenant, (open.get(alert.tenant) ?? 0) + 1);
  }
  return [...frames.values()].map((frame) => {
    const value = (metric: string) => frame.metrics.find((each) => each.metric === metric)?.value ?? "";
    return {
      tenant: frame.tenant,
      sales: Number(value("vendas_hora")),
      revenue: entriesOf(frame, "receita_hora"),
      online: Number(value("usuarios_online")),
      conversion: value("conversao_rate"),
      errors: Number(value("erros_minuto")),
      alerts: open.get(frame.tenant) ?? 0,
      asOf: frame.asOf ?? "",
      catchingUp: frame.catchingUp,
    };
  });
}

/** Returns the sums. People who are online with two tenants count twice. */
export function totalsOf(rows: readonly TenantRow[]): Totals {
  const sum = (number: (row: TenantRow) => number) => rows.reduce((total, row) => total + number(row), 0);
  const money = new Map<string, string[]>();
  for (const { currency, value } of rows.flatMap((row) => row.revenue)) {
    if (currency !== "") money.set(currency, [...(money.get(currency) ?? []), value]);
  }
  const revenue = [...money].map(([currency, values]) => ({ currency, value: sumOf(values) }));
  const newest = rows.map((row) => row.asOf).sort().at(-1);
  return {
    sales: sum((row) => row.sales),
    revenue: revenue.sort((a, b) => Number(b.value) - Number(a.value)),
    online: sum((row) => row.online),
    alerts: sum((row) => row.alerts),
    asOf: newest === "" ? undefined : newest,
    catchingUp: rows.some((row) => row.catchingUp),
  };
}
