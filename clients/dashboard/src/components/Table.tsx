import { type ReactNode, useState } from "react";
import { useSpeech } from "../i18n/language";
import { type Order, sorted } from "./sorting";

/** One column. */
export interface Column<Row> {
  readonly key: string;
  /** Empty for a column of buttons. */
  readonly title: string;
  readonly cell: (row: Row) => ReactNode;
  /** By what rows are sorted; without it the column is not sortable. Empty strings and undefined come last. */
  readonly sort?: (row: Row) => number | string | undefined;
  /** Right-aligned. */
  readonly number?: boolean;
  /** The cells name their rows. */
  readonly heading?: boolean;
}

interface Props<Row> {
  /** Says to a screen reader what the table is. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  readonly order?: Order;
  /** Of more rows only the first are drawn. */
  readonly most?: number;
  /** A click anywhere in the row. Keyboards need a link or button in a cell as well. */
  readonly onOpen?: (row: Row) => void;
}

/** A table whose headings sort it. */
export function Table<Row>({ caption, columns, rows, rowKey, order: first, most, onOpen }: Props<Row>) {
  const { t } = useSpeech();
  const [order, setOrder] = useState(first);
  const column = columns.find((each) => each.key === order?.key);
  const drawn = order === undefined || column?.sort === undefined ? rows : sorted(rows, column.sort, order.descending);
  const sortBy = (each: Column<Row>) => {
    const again = order?.key === each.key;
    setOrder({ key: each.key, descending: again ? !order.descending : each.number === true });
  };
  return (
    <div className="table-frame" tabIndex={-1}>
      <table className="table">
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((each) => {
              if (each.title === "") return <td key={each.key} />;
              const here = order?.key === each.key ? order : undefined;
              return (
                <th
                  key={each.key}
                  scope="col"
                  className={each.number === true ? "number" : undefined}
                  aria-sort={here === undefined ? undefined : here.descending ? "descending" : "ascending"}
                >
                  {each.sort === undefined ? (
                    each.title
                  ) : (
                    <button type="button" className="table-sort" onClick={() => sortBy(each)}>
                      {each.title}
                      <span className="table-sort-mark" aria-hidden="true">
                        {here === undefined ? "" : here.descending ? "▼" : "▲"}
                      </span>
                      {here !== undefined && (
                        <span className="visually-hidden">
                          {t(here.descending ? "table.sortDescending" : "table.sortAscending")}
                        </span>
                      )}
                    </button>
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {drawn.slice(0, most).map((row) => (
            <tr
              key={rowKey(row)}
              data-opens={onOpen === undefined ? undefined : ""}
              onClick={(event) => {
                const inner = event.target instanceof Element && event.target.closest("a, button, input, select");
                if (onOpen !== undefined && !inner) onOpen(row);
              }}
            >
              {columns.map((each) =>
                each.heading === true ? (
                  <th key={each.key} scope="row">
                    {each.cell(row)}
                  </th>
                ) : (
                  <td key={each.key} className={each.number === true ? "number" : undefined}>
                    {each.cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
