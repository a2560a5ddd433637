import { useState } from "react";
import { Button } from "../../../components/Button";
import { useSpeech } from "../../../i18n/language";
import { FilterRows } from "../asking/FilterRows";
import { useReportNames } from "../asking/names";
import type { Selection } from "../asking/question";

interface Props {
  readonly label: string;
  readonly selection: Selection;
  readonly onChange: (selection: Selection) => void;
  /** An empty name selects all events. */
  readonly optional?: boolean;
  readonly invalid?: boolean;
}

/** Events of a name, and the conditions that they have to fulfil. */
export function SelectionInput({ label, selection, onChange, optional = false, invalid = false }: Props) {
  const { t } = useSpeech();
  const { lists } = useReportNames();
  const filters = selection.filters ?? [];
  const [asked, setAsked] = useState(false);
  const open = asked || filters.length > 0;
  return (
    <div className="selection-input">
      <div className="selection-name">
        <input
          className="input"
          type="text"
          aria-label={label}
          aria-invalid={invalid}
          list={lists.events}
          autoComplete="off"
          spellCheck={false}
          placeholder={optional ? t("explore.anyEvent") : t("explore.event").toLowerCase()}
          value={selection.event ?? ""}
          onChange={(event) => onChange({ ...selection, event: event.target.value.trim() })}
        />
        {!open && (
          <Button look="quiet" icon="plus" aria-label={`${t("explore.addFilter")}: ${label}`} onClick={() => setAsked(true)}>
            {t("explore.addFilter")}
          </Button>
        )}
      </div>
      {open && (
        <FilterRows
          label={`${t("ana.scope.filters")}: ${label}`}
          filters={filters.length === 0 ? [{ property: { name: "" }, operator: "FILTER_OPERATOR_IS", values: [] }] : filters}
          onChange={(next) => {
            setAsked(next.length > 0);
            onChange({ ...selection, filters: next });
          }}
        />
      )}
    </div>
  );
}
