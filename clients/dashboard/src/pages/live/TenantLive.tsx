import { useState } from "react";
import { Segmented } from "../../components/Segmented";
import { ErrorState, Skeleton } from "../../components/states";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import { AsOf } from "./AsOf";
import { MetricCard } from "./MetricCard";
import { MetricChart } from "./MetricChart";
import { CARDS, isNamed } from "./names";
import { OpenAlerts } from "./OpenAlerts";
import { entriesOf, seriesKey, type TenantState } from "./state";
import { Vitals } from "./Vitals";
import { useTenantState } from "./watching";
import { type Zoom, ZOOMS } from "./zoom";

/** The live numbers of one tenant. */
export function TenantLive() {
  const { t } = useSpeech();
  const { environment, tenant } = useScope();
  const { state, receivedAt, open, problem } = useTenantState(environment, tenant);
  const [zoom, setZoom] = useState<Zoom>(ZOOMS[2]);
  return (
    <>
      <div className="page-head">
        <h1>{tenant}</h1>
        <AsOf
          asOf={state?.frame.asOf}
          receivedAt={receivedAt}
          open={open}
          catchingUp={state?.frame.catchingUp === true}
        />
        <div className="page-actions">
          <Segmented
            label={t("live.zoom")}
            options={ZOOMS.map((each) => ({ key: each.key, label: each.key.replace("h", " h") }))}
            chosen={zoom.key}
            onChoose={(key) => setZoom(ZOOMS.find((each) => each.key === key) ?? ZOOMS[2])}
          />
        </div>
      </div>
      {problem !== undefined ? (
        <ErrorState problem={problem} />
      ) : state === undefined ? (
        <Waiting />
      ) : (
        <Numbers state={state} zoom={zoom} />
      )}
    </>
  );
}

function Numbers({ state, zoom }: { readonly state: TenantState; readonly zoom: Zoom }) {
  const { t, format } = useSpeech();
  const others = [...new Set(state.frame.metrics.map((each) => each.metric))].filter((metric) => !isNamed(metric));
  const minutes = (metric: string) => state.series.get(seriesKey(metric, ""));
  const count = (value: number) => format.number(value, value < 10 ? 2 : 1);
  return (
    <div className="grid">
      {[...CARDS, ...others].map((metric) => {
        const entries = entriesOf(state.frame, metric);
        return entries.length > 0 && <MetricCard key={metric} state={state} entries={entries} />;
      })}
      <Revenue state={state} zoom={zoom} />
      <OpenAlerts className="span-4" />
      <MetricChart
        className="span-6"
        title={t("live.chart.sales")}
        minutes={minutes("vendas_hora")}
        zoom={zoom}
        folding="mean"
        kind="bars"
        write={count}
        least={1}
      />
      <MetricChart
        className="span-6"
        title={t("live.chart.online")}
        minutes={minutes("usuarios_online")}
        zoom={zoom}
        folding="last"
        kind="area"
        write={(value) => format.number(value)}
        least={4}
      />
      <MetricChart
        className="span-6"
        title={t("live.chart.errors")}
        minutes={minutes("erros_minuto")}
        zoom={zoom}
        folding="mean"
        kind="bars"
        colour="chart-2"
        write={count}
        least={1}
      />
      <Vitals state={state} zoom={zoom} />
    </div>
  );
}

function Revenue({ state, zoom }: { readonly state: TenantState; readonly zoom: Zoom }) {
  const { t, format } = useSpeech();
  const currencies = entriesOf(state.frame, "receita_hora").map((each) => each.currency);
  const [chosen, setChosen] = useState("");
  const currency = currencies.includes(chosen) ? chosen : (currencies[0] ?? "");
  return (
    <MetricChart
      className="span-8"
      title={t("live.chart.revenue")}
      minutes={state.series.get(seriesKey("receita_hora", currency))}
      zoom={zoom}
      folding="mean"
      kind="area"
      write={(value, short) => (short ? format.compact(value, currency) : format.money(value, currency))}
      least={10}
      actions={
        currencies.length > 1 && (
          <Segmented
            label={t("live.chart.revenue")}
            options={currencies.map((key) => ({ key, label: key }))}
            chosen={currency}
            onChoose={setChosen}
          />
        )
      }
    />
  );
}

function Waiting() {
  return (
    <div className="grid">
      {CARDS.map((metric) => (
        <div key={metric} className="card metric span-3">
          <Skeleton width="60%" />
          <Skeleton width="40%" height={36} />
          <Skeleton width="80%" />
          <Skeleton height={40} />
        </div>
      ))}
    </div>
  );
}
