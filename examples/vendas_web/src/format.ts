/** Return money in the format of Brazil, from a decimal text. */
export function money(value: string, currency = "BRL"): string {
  return new Intl.NumberFormat("pt-BR", { style: "currency", currency: currency || "BRL" }).format(Number(value));
}

/** Return a whole number in the format of Brazil. */
export function count(value: string): string {
  return new Intl.NumberFormat("pt-BR").format(Number(value));
}

/** Return a ratio such as "0.125" as a percentage. */
export function percent(value: string): string {
  return new Intl.NumberFormat("pt-BR", { style: "percent", maximumFractionDigits: 1 }).format(Number(value));
}

/** Return a change such as "0.25" as "+25%". */
export function change(value: string): string {
  return new Intl.NumberFormat("pt-BR", { style: "percent", maximumFractionDigits: 0, signDisplay: "exceptZero" }).format(
    Number(value),
  );
}
