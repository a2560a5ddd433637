/** Results of reports that this page does not know: whatever they hold, as figures and plain tables; pure. */
import { membersOf } from "../asking/reading";
import type { Cell, ResultTable, ResultText } from "./model";

type Flat = Readonly<Record<string, Cell>>;

/** Returns the plain values of an object, those of inner objects with the names of both. */
function flat(raw: unknown, before = ""): Flat {
  const found: Record<string, Cell> = {};
  for (const [name, value] of Object.entries(membersOf(raw))) {
    const path = before === "" ? name : `${before}.${name}`;
    if (typeof value === "string" || typeof value === "number") found[path] = value;
    else if (typeof value === "boolean") found[path] = String(value);
    else if (Array.isArray(value)) {
      if (value.every((each) => typeof each !== "object")) found[path] = value.join(", ");
    } else Object.assign(found, flat(value, path));
  }
  return found;
}

function listsOf(raw: unknown, before = ""): [string, unknown[]][] {
  return Object.entries(membersOf(raw)).flatMap(([name, value]): [string, unknown[]][] => {
    const path = before === "" ? name : `${before}.${name}`;
    if (!Array.isArray(value)) return listsOf(value, path);
    return value.some((each) => typeof each === "object") ? [[path, value]] : [];
  });
}

function tableOf(title: string, list: readonly unknown[]): ResultTable {
  const rows = list.map((each) => flat(each));
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return {
    title,
    columns: names.map((name) => ({ title: name, format: "text" })),
    rows: rows.map((row) => names.map((name) => row[name])),
  };
}

/** Returns what a result holds. Names stay as the contract has them. */
export function otherText(raw: unknown): ResultText {
  const values = Object.entries(flat(raw));
  const whole: ResultTable = {
    title: "",
    columns: [
      { title: "", format: "text" },
      { title: "", format: "text" },
    ],
    rows: values,
  };
  const lists = listsOf(raw).map(([title, list]) => tableOf(title, list));
  return { facts: [], tables: [...(values.length > 0 ? [whole] : []), ...lists], notes: [] };
}
