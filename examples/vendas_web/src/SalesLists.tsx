import type { ReactNode } from "react";
import type { Sale } from "./backend";
import { money } from "./format";

const METHODS: Record<string, string> = { pix: "Pix", boleto: "Boleto", cartao: "Cartão" };

interface ListProps {
  readonly sales: readonly Sale[];
}

/** The list as it always was. */
export function ClassicList({ sales }: ListProps): ReactNode {
  if (!sales.length) return <Nothing />;
  return (
    <table className="classic">
      <thead>
        <tr>
          <th>Nº</th>
          <th>Produto</th>
          <th>Pagamento</th>
          <th className="amount">Valor</th>
        </tr>
      </thead>
      <tbody>
        {sales.map((sale) => (
          <tr key={sale.venda_id}>
            <td>{sale.venda_id}</td>
            <td>{sale.produto}</td>
            <td>{METHODS[sale.metodo_pagamento] ?? sale.metodo_pagamento}</td>
            <td className="amount">{money(sale.valor, sale.moeda)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The new list: what each sale has brought, and what all have. */
export function NewList({ sales }: ListProps): ReactNode {
  if (!sales.length) return <Nothing />;
  const total = sales.filter(({ moeda }) => moeda === "BRL").reduce((sum, sale) => sum + cents(sale), 0);
  return (
    <div className="new-list">
      <p className="total">
        <span>
          {sales.length} {sales.length === 1 ? "venda" : "vendas"}
        </span>
        <strong>{money(String(total / 100))}</strong>
      </p>
      <ul>
        {sales.map((sale) => (
          <li key={sale.venda_id}>
            <span className="initial" aria-hidden="true">
              {sale.produto.slice(0, 1).toUpperCase()}
            </span>
            <span className="what">
              <strong>{sale.produto}</strong>
              <small>
                nº {sale.venda_id} · {sale.itens_count} {sale.itens_count === 1 ? "item" : "itens"}
              </small>
            </span>
            <span className={`method ${sale.metodo_pagamento}`}>
              {METHODS[sale.metodo_pagamento] ?? sale.metodo_pagamento}
            </span>
            <span className="amount">
              <strong>{money(String(cents(sale) / 100), sale.moeda)}</strong>
              {Number(sale.desconto) > 0 && <small>desconto de {money(sale.desconto, sale.moeda)}</small>}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Nothing(): ReactNode {
  return <p className="nothing">Nenhuma venda ainda. A primeira aparece aqui, e nos números lá em cima.</p>;
}

/** What a sale has brought, in cents: sums of whole numbers are exact. */
function cents(sale: Sale): number {
  return Math.round(Number(sale.valor) * 100) - Math.round(Number(sale.desconto) * 100);
}
