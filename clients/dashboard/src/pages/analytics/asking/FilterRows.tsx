import { Button } from "../../../components/Button";
import { Chips } from "../../../components/Chips";
import { useSpeech } from "../../../i18n/language";
import { PropertyInput } from "./PropertyInput";
import type { Filter } from "./question";
import { OPERATORS } from "./reading";

interface Props {
  /** Of what the filters are, for a screen reader. */
  readonly label: string;
  readonly filters: readonly Filter[];
  readonly onChange: (filters: Filter[]) => void;
}

/** Whether an operator compares with values at all. */
function takesValues(operator: Filter["operator"]): boolean {
  return operator !== "FILTER_OPERATOR_PRESENT" && operator !== "FILTER_OPERATOR_ABSENT";
}

/** Conditions on properties, all of which have to hold. */
export function FilterRows({ label, filters, onChange }: Props) {
  const { t } = useSpeech();
  const change = (index: number, next: Filter) => onChange(filters.map((each, at) => (at === index ? next : each)));
  return (
    <div className="filter-rows" role="group" aria-label={label}>
      {filters.map((filter, index) => (
        <div key={index} className="filter-row">
          <PropertyInput
            label={t("explore.property")}
            property={filter.property}
            onChange={(property) => change(index, { ...filter, property: property ?? { name: "" } })}
          />
          <select
            className="input"
            aria-label={t("explore.operator")}
            value={filter.operator}
            onChange={(event) => {
              const operator = OPERATORS.find((each) => each === event.target.value) ?? OPERATORS[0];
              change(index, { ...filter, operator, values: takesValues(operator) ? (filter.values ?? []) : [] });
            }}
          >
            {OPERATORS.map((each) => (
              <option key={each} value={each}>
                {t(`explore.operator.${each}`)}
              </option>
            ))}
          </select>
          {takesValues(filter.operator) && (
            <Chips
              label={t("explore.values")}
              values={filter.values ?? []}
              onChange={(values) => change(index, { ...filter, values })}
            />
          )}
          <Button
            look="quiet"
            icon="close"
            aria-label={t("explore.removeFilter")}
            onClick={() => onChange(filters.filter((_, at) => at !== index))}
          />
        </div>
      ))}
      <div>
        <Button
          look="quiet"
          icon="plus"
          onClick={() => onChange([...filters, { property: { name: "" }, operator: OPERATORS[0], values: [] }])}
        >
          {t("explore.addFilter")}
        </Button>
      </div>
    </div>
  );
}
