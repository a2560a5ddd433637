import type { Message } from "../../../api/methods";
import { useSpeech } from "../../../i18n/language";

/** The plain and the adjusted difference with their intervals, on one axis around no difference. */
export function Differences({ result }: { readonly result: Message<"RevenueAssociationResult"> }) {
  const { t, format } = useSpeech();
  const currency = result.currency ?? "";
  const rows = [
    { label: t("ana.revenue.adjusted"), value: result.adjusted },
    { label: t("ana.revenue.plain"), value: result.plain },
  ].flatMap(({ label, value }) => (value === undefined ? [] : [{ label, ...value }]));
  const reach = Math.max(...rows.flatMap((each) => [Math.abs(each.low), Math.abs(each.high)]), Number.MIN_VALUE);
  const place = (value: number) => `${50 + (value / reach) * 50}%`;
  return (
    <ul className="bar-list">
      {rows.map((each) => (
        <li key={each.label}>
          <span className="bar-list-name">{each.label}</span>
          <span className="bar-list-value">
            <strong>{format.money(each.value, currency)}</strong>{" "}
            <span className="faint">
              {t("ana.interval", { low: format.money(each.low, currency), high: format.money(each.high, currency) })}
            </span>
          </span>
          <span className="difference-track difference-wide" aria-hidden="true">
            <span style={{ left: place(each.low), right: `calc(100% - ${place(each.high)})` }} />
            <i style={{ left: place(each.value) }} />
          </span>
        </li>
      ))}
    </ul>
  );
}
