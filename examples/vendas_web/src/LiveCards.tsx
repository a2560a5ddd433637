import type { LiveMetric, LiveStatus } from "@mirante/web";
import { useLiveMetric, useLiveMetrics } from "@mirante/web/react";
import type { ReactNode } from "react";
import { change, count, money, percent } from "./format";

const STATUS: Record<LiveStatus, string> = {
  live: "ao vivo",
  connecting: "conectando…",
  stale: "números de há pouco",
  waiting: "esperando os primeiros números",
  refused: "sem acesso aos números",
  idle: "sem ninguém",
  closed: "parado",
};

/** The four numbers of the company, as they change. */
export function LiveCards(): ReactNode {
  const { status, catchingUp } = useLiveMetrics();
  return (
    <section aria-labelledby="live">
      <div className="heading">
        <h2 id="live">Agora</h2>
        <span className={`status ${status}`} role="status">
          {catchingUp ? "contando…" : STATUS[status]}
        </span>
      </div>
      <div className="cards">
        <Card title="Vendas na última hora" name="vendas_hora" format={count} />
        <Card title="Receita na última hora" name="receita_hora" currency="BRL" format={money} />
        <Card title="Pessoas usando" name="usuarios_online" format={count} />
        <Card title="Conversão" name="conversao_rate" format={percent} />
      </div>
    </section>
  );
}

interface CardProps {
  readonly title: string;
  readonly name: string;
  readonly currency?: string;
  readonly format: (value: string) => string;
}

function Card({ title, name, currency = "", format }: CardProps): ReactNode {
  const ofCurrency = useLiveMetric(name, currency);
  // Money without a sale yet has no currency.
  const without = useLiveMetric(name);
  const metric = ofCurrency ?? without;
  return (
    <article className="card">
      <h3>{title}</h3>
      <p className="number">{metric?.value ? format(metric.value) : "–"}</p>
      <Trend metric={metric} />
      <Sparkline values={metric?.series?.values ?? []} />
    </article>
  );
}

function Trend({ metric }: { readonly metric: LiveMetric | undefined }): ReactNode {
  const value = metric?.previous_hour?.change;
  if (!value) return <p className="trend">sem comparação</p>;
  const tone = Number(value) > 0 ? "up" : Number(value) < 0 ? "down" : "";
  return (
    <p className={`trend ${tone}`}>
      {change(value)} <span>sobre a hora anterior</span>
    </p>
  );
}

/** The last hour, minute by minute. */
function Sparkline({ values }: { readonly values: readonly string[] }): ReactNode {
  const numbers = values.slice(-60).map(Number);
  const highest = Math.max(1e-9, ...numbers);
  const step = 120 / Math.max(1, numbers.length - 1);
  const points = numbers.map((value, index) => `${(index * step).toFixed(1)},${(30 - (value / highest) * 27).toFixed(1)}`);
  return (
    <svg className="sparkline" viewBox="0 0 120 32" preserveAspectRatio="none" aria-hidden="true">
      {points.length > 1 && (
        <>
          <polygon points={`0,32 ${points.join(" ")} 120,32`} />
          <polyline points={points.join(" ")} />
        </>
      )}
    </svg>
  );
}
