import type { Worker } from "./people";

/** A sale as the backend has it; money as decimal texts. */
export interface Sale {
  readonly venda_id: number;
  readonly produto: string;
  readonly valor: string;
  readonly desconto: string;
  readonly moeda: string;
  readonly itens_count: number;
  readonly metodo_pagamento: string;
}

/** What a form holds. */
export interface NewSale {
  readonly produto: string;
  readonly valor: string;
  readonly itens_count: number;
  readonly metodo_pagamento: string;
}

/** Where Mirante is, as the backend says. */
export interface MiranteConfig {
  readonly url: string;
  readonly key: string;
  readonly environment: string;
}

interface Request {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks the backend of vendas in somebody's name. Raises an Error when it refuses. */
export class Backend {
  /** Who is logged in. */
  worker: Worker | undefined;
  /** The id of the browser, which the backend joins to whoever logs in. */
  anonymousId = "";

  /** Return where Mirante is; undefined when the page has to do without. */
  async miranteConfig(): Promise<MiranteConfig | undefined> {
    const response = await fetch("/mirante/config").catch(() => undefined);
    return response?.ok ? ((await response.json()) as MiranteConfig) : undefined;
  }

  /** Return a token that says to Mirante who sits here. */
  async token(): Promise<string> {
    const { token } = (await this.#ask("/mirante/token", { method: "POST" })) as { token: string };
    return token;
  }

  /** Return the sales of the company, newest first. */
  async sales(): Promise<Sale[]> {
    const found = (await this.#ask("/vendas")) as Sale[] | { vendas: Sale[] };
    return (Array.isArray(found) ? found : found.vendas).toReversed();
  }

  /** Make a sale; the backend tracks `venda_criada` with it. */
  async sell(sale: NewSale): Promise<Sale> {
    const body = JSON.stringify(sale);
    const headers = { "Content-Type": "application/json" };
    return ((await this.#ask("/vendas", { method: "POST", body, headers })) as { venda: Sale }).venda;
  }

  async #ask(path: string, init: Request = {}): Promise<unknown> {
    const response = await fetch(path, { ...init, headers: { ...init.headers, ...this.#session() } });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response.json();
  }

  /** What stands in the place of a session. */
  #session(): Record<string, string> {
    const { worker, anonymousId } = this;
    return {
      ...(anonymousId ? { "X-Anonymous": anonymousId } : {}),
      ...(worker
        ? {
            "X-User": worker.user,
            "X-Tenant": worker.tenant,
            "X-Plan": worker.plan,
            "X-Region": worker.region,
            "X-Role": worker.role,
          }
        : {}),
    };
  }
}
