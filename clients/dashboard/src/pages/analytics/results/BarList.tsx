/** A named number with its bar. */
export interface BarRow {
  readonly name: string;
  /** As long as the bar is, beside those of the others. */
  readonly value: number;
  readonly text: string;
  /** Fainter, after the number. */
  readonly more?: string;
}

interface Props {
  readonly label: string;
  readonly rows: readonly BarRow[];
  /** What fills the whole width; otherwise the largest of them. */
  readonly most?: number;
}

/** Names with bars, in their order. */
export function BarList({ label, rows, most: given }: Props) {
  const most = given ?? Math.max(...rows.map((row) => row.value), Number.MIN_VALUE);
  return (
    <ol className="bar-list" aria-label={label}>
      {rows.map((row) => (
        <li key={row.name}>
          <span className="bar-list-name">{row.name}</span>
          <span className="bar-list-value">
            <strong>{row.text}</strong> {row.more !== undefined && <span className="faint">{row.more}</span>}
          </span>
          <span className="bar-list-track" aria-hidden="true">
            <span style={{ width: `${(row.value / most) * 100}%` }} />
          </span>
        </li>
      ))}
    </ol>
  );
}
