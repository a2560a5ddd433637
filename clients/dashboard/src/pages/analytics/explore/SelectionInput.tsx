import { useState } from "react";
import { Button } from "../../../components/Button";
import { useSpeech } from "../../../i18n/language";
import type { PlainKey } from "../../../i18n/messages";
import { FilterRows } from "../asking/FilterRows";
import { useReportNames } from "../asking/names";
import type { Selection } from "../asking/question";

interface Props {
  readonly label: string;
  readonly selection: Selection;
  readonly onChange: (selection: Selection) => void;
  /** What an empty name means. */
  readonly placeholder?: PlainKey;
}

/** Events of a name, and the conditions that they have to fulfil. */
export function SelectionInput({ label, selection, onChange, placeholder = "explore.event" }: Props) {
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
          list={lists.events}
          autoComplete="off"
          spellCheck={false}
          placeholder={t(placeholder).toLowerCase()}
          value={selection.event ?? ""}
          onChange={(event) => onChange({ ...selection, event: event.target.value.trim() })}
        />
        {!open && (
          <Button
            look="quiet"
            icon="filter"
            title={t("explore.addFilter")}
            aria-label={`${t("explore.addFilter")}: ${label}`}
            onClick={() => setAsked(true)}
          />
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
