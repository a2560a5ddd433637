import { useMirante } from "@mirante/web/react";
import { type ReactNode, useCallback, useEffect, useState } from "react";
import type { Backend, NewSale, Sale } from "./backend";
import { useNewList } from "./features";
import { LiveCards } from "./LiveCards";
import { personOf } from "./mirante";
import { NewSaleButton } from "./NewSaleButton";
import { remember, type Worker, WORKERS } from "./people";
import { ClassicList, NewList } from "./SalesLists";

/** The page: who sits here, the live cards, and the sales. */
export function App({ backend }: { readonly backend: Backend }): ReactNode {
  const client = useMirante();
  const [worker, setWorker] = useState(backend.worker);

  const change = (next: Worker | undefined): void => {
    remember(next);
    if (next) client.identify(personOf(next));
    else client.reset();
    backend.worker = next;
    backend.anonymousId = client.anonymousId;
    setWorker(next);
  };

  return (
    <>
      <header className="bar">
        <span className="brand">vendas</span>
        <span className="company">{worker?.company}</span>
        <WorkerChoice worker={worker} onChange={change} />
      </header>
      <main>{worker ? <Desk key={worker.user} backend={backend} worker={worker} /> : <Welcome />}</main>
    </>
  );
}

function Desk({ backend, worker }: { readonly backend: Backend; readonly worker: Worker }): ReactNode {
  const [sales, setSales] = useState<readonly Sale[]>();
  const [failed, setFailed] = useState(false);
  const isNew = useNewList();

  const load = useCallback(async () => {
    try {
      setSales(await backend.sales());
      setFailed(false);
    } catch {
      setFailed(true);
    }
  }, [backend]);

  useEffect(() => void load(), [load]);

  const sell = async (sale: NewSale): Promise<void> => {
    await backend.sell(sale);
    await load();
  };

  return (
    <>
      <h1>
        Olá, {worker.name.split(" ")[0]} <small>{worker.role}</small>
      </h1>
      <LiveCards />
      <section aria-labelledby="sales">
        <div className="heading">
          <h2 id="sales">Vendas</h2>
          <NewSaleButton origin="lista" onSell={sell} />
        </div>
        {failed && <p className="notice">Não foi possível carregar as vendas. Tente de novo em instantes.</p>}
        {sales && (isNew ? <NewList sales={sales} /> : <ClassicList sales={sales} />)}
      </section>
    </>
  );
}

function Welcome(): ReactNode {
  return (
    <section className="welcome">
      <h1>Boas vendas começam aqui</h1>
      <p>Escolha lá em cima com quem entrar. Cada empresa vê os seus próprios números, ao vivo.</p>
    </section>
  );
}

interface WorkerChoiceProps {
  readonly worker: Worker | undefined;
  readonly onChange: (worker: Worker | undefined) => void;
}

function WorkerChoice({ worker, onChange }: WorkerChoiceProps): ReactNode {
  return (
    <label className="who">
      <span>Entrar como</span>
      <select
        value={worker?.user ?? ""}
        onChange={(event) => onChange(WORKERS.find(({ user }) => user === event.target.value))}
      >
        <option value="">ninguém</option>
        {WORKERS.map(({ user, name, company }) => (
          <option key={user} value={user}>
            {name} · {company}
          </option>
        ))}
      </select>
    </label>
  );
}
