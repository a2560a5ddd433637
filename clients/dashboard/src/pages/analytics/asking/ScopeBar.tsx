import { useState } from "react";
import { useCall } from "../../../api/hooks";
import { Badge } from "../../../components/Badge";
import { Button } from "../../../components/Button";
import { Segmented } from "../../../components/Segmented";
import { type Speech, useSpeech } from "../../../i18n/language";
import { useScope } from "../../../shell/scope";
import { FilterRows } from "./FilterRows";
import { datesOf, USUAL_ZONE, withDates, withDays, withoutPeriod, ZONES } from "./periods";
import { type Scope, SERVICE } from "./question";

const DAYS = ["7", "30", "90"] as const;
type Period = (typeof DAYS)[number] | "own" | "given" | "custom";

interface Props {
  readonly scope: Scope;
  readonly onChange: (scope: Scope) => void;
  /** Each report of the page may keep its own period. */
  readonly own?: boolean;
}

/** The period, its time zone, the comparison, and the filters of what is looked at. */
export function ScopeBar({ scope, onChange, own = false }: Props) {
  const { t, format } = useSpeech();
  const [open, setOpen] = useState(false);
  const zone = scope.timeZone ?? USUAL_ZONE;
  const chosen = periodOf(scope);
  const dates = datesOf(scope, new Date());
  const filters = scope.filters ?? [];
  const chosenFilters = filters.length + (scope.cohorts?.length ?? 0);
  const choose = (period: Period) => {
    if (period === "own") onChange(withoutPeriod(scope));
    else if (period === "given") return;
    else if (period === "custom") onChange(withDates(scope, dates));
    else onChange(withDays(scope, Number(period)));
  };
  const date = (name: "first" | "last", value: string) => {
    if (value === "") return;
    const next = { ...dates, [name]: value };
    if (next.first > next.last) onChange(withDates(scope, { first: value, last: value }));
    else onChange(withDates(scope, next));
  };
  return (
    <div className="scope-bar" role="group" aria-label={t("ana.scope.period")}>
      <div className="row">
        <Segmented<Period>
          label={t("ana.scope.period")}
          options={[
            ...(own ? [{ key: "own" as const, label: t("ana.scope.own") }] : []),
            ...(chosen === "given" ? [{ key: "given" as const, label: lengthOf(scope, t) }] : []),
            ...DAYS.map((days) => ({ key: days, label: t("ana.scope.days", { days }) })),
            { key: "custom", label: t("ana.scope.custom") },
          ]}
          chosen={chosen ?? (own ? "own" : "30")}
          onChoose={choose}
        />
        {chosen === "custom" &&
          (["first", "last"] as const).map((name) => (
            <label key={name} className="row date-field">
              <span className="small soft">{t(`ana.scope.${name}`)}</span>
              <input
                className="input"
                type="date"
                required
                value={dates[name]}
                onChange={(event) => date(name, event.target.value)}
              />
            </label>
          ))}
        <label className="check small">
          <input
            type="checkbox"
            checked={scope.compare ?? false}
            onChange={(event) => onChange({ ...scope, compare: event.target.checked })}
          />
          {t("ana.scope.compare")}
        </label>
        <Button aria-expanded={open} onClick={() => setOpen(!open)}>
          {t("ana.scope.filters")}
          {chosenFilters > 0 && <Badge tone="accent">{format.number(chosenFilters)}</Badge>}
        </Button>
        <select
          className="input zone-field"
          aria-label={t("ana.scope.zone")}
          title={t("ana.scope.zone")}
          value={zone}
          onChange={(event) => {
            const next = { ...scope, timeZone: event.target.value };
            // The days stay those that were chosen; they begin at another instant.
            onChange(chosen === "custom" ? withDates(next, dates) : next);
          }}
        >
          {[...new Set([...ZONES, zone])].map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </div>
      {open && (
        <div className="card scope-filters">
          <h3>{t("ana.scope.filtersOf")}</h3>
          <FilterRows
            label={t("ana.scope.filtersOf")}
            filters={filters}
            onChange={(next) => onChange({ ...scope, filters: next })}
          />
          <CohortChoice scope={scope} onChange={onChange} />
        </div>
      )}
    </div>
  );
}

function periodOf(scope: Scope): Period | undefined {
  if (scope.start !== undefined) return "custom";
  if (scope.last === undefined) return undefined;
  const inDays = scope.last.unit === undefined || scope.last.unit === "CALENDAR_UNIT_DAY";
  return DAYS.find((days) => inDays && Number(days) === scope.last?.count) ?? "given";
}

/** Says how long a period is that none of the buttons has. */
function lengthOf({ last }: Scope, t: Speech["t"]): string {
  const unit = { CALENDAR_UNIT_WEEK: "ana.scope.weeks", CALENDAR_UNIT_MONTH: "ana.scope.months" } as const;
  const key = last?.unit === "CALENDAR_UNIT_WEEK" || last?.unit === "CALENDAR_UNIT_MONTH" ? unit[last.unit] : "ana.scope.days";
  return t(key, { days: last?.count ?? 0 });
}

function CohortChoice({ scope, onChange }: Props) {
  const { t } = useSpeech();
  const { environment } = useScope();
  const { data } = useCall(`${SERVICE}/ListCohorts`, { environment });
  const chosen = scope.cohorts ?? [];
  if (data === undefined || data.cohorts.length === 0) return null;
  const toggle = (cohortId: string, on: boolean) => {
    const others = chosen.filter((each) => each.cohortId !== cohortId);
    onChange({ ...scope, cohorts: on ? [...others, { cohortId }] : others });
  };
  return (
    <fieldset className="field">
      <legend>{t("ana.scope.cohorts")}</legend>
      <div className="row">
        {data.cohorts.map(({ info }) => (
          <label key={info?.id} className="check">
            <input
              type="checkbox"
              checked={chosen.some((each) => each.cohortId === info?.id)}
              onChange={(event) => toggle(info?.id ?? "", event.target.checked)}
            />
            {info?.name}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
