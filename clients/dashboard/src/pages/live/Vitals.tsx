import { useState } from "react";
import { Badge } from "../../components/Badge";
import { Segmented } from "../../components/Segmented";
import { useSpeech } from "../../i18n/language";
import { MetricChart } from "./MetricChart";
import { vitalValue } from "./names";
import { seriesKey, type TenantState } from "./state";
import { LIMITS, ratingOf, VITALS, type Vital } from "./vitals";
import type { Zoom } from "./zoom";

const NAMES = {
  lcp_p75: "live.chart.loading",
  inp_p75: "live.chart.response",
  cls_p75: "live.chart.shift",
} as const;
const TONES = { good: "good", fair: "warn", poor: "bad", none: "plain" } as const;

interface Props {
  readonly state: TenantState;
  readonly zoom: Zoom;
}

/** How fast the pages are for three quarters of the people, one web vital at a time. */
export function Vitals({ state, zoom }: Props) {
  const { t, format } = useSpeech();
  const [vital, setVital] = useState<Vital>("lcp_p75");
  const value = state.frame.metrics.find((each) => each.metric === vital)?.value ?? "";
  const rating = ratingOf(vital, value);
  const { good, poor } = LIMITS[vital];
  const write = (number: number | string) => vitalValue(vital, number, format);
  return (
    <MetricChart
      className="span-6"
      title={t("live.chart.vitals")}
      minutes={state.series.get(seriesKey(vital, ""))}
      zoom={zoom}
      folding="last"
      kind="line"
      colour="chart-3"
      write={write}
      height={196}
      actions={
        <Segmented
          label={t("live.chart.vitals")}
          options={VITALS.map((key) => ({ key, label: key.slice(0, 3).toUpperCase() }))}
          chosen={vital}
          onChoose={setVital}
        />
      }
    >
      <p className="row vital">
        <strong>{t(NAMES[vital])}</strong>
        <span>{write(value)}</span>
        <Badge tone={TONES[rating]}>{t(`live.vitals.${rating}`)}</Badge>
        <span className="small faint">{t("live.vitals.limits", { good: write(good), poor: write(poor) })}</span>
      </p>
    </MetricChart>
  );
}
