import type { ChartColour } from "./palette";

/** One line or kind of bar of a chart. */
export interface LegendEntry {
  readonly label: string;
  readonly colour: ChartColour;
  readonly mark: "line" | "steps" | "area" | "bars" | "dashed" | "points" | "band";
}

/** Says which colour is what; those who do not see it have the table. */
export function Legend({ entries }: { readonly entries: readonly LegendEntry[] }) {
  return (
    <ul className="legend" aria-hidden="true">
      {entries.map((each) => (
        <li key={each.label}>
          <span className={`legend-mark legend-${each.mark}`} style={{ color: `var(--${each.colour})` }} />
          {each.label}
        </li>
      ))}
    </ul>
  );
}
