/** Sums of decimal strings, exact; pure. */

/** Returns the sum. Empty strings count as nothing. */
export function sumOf(numbers: readonly string[]): string {
  const digits = Math.max(0, ...numbers.map((each) => each.split(".")[1]?.length ?? 0));
  const total = numbers.reduce((sum, each) => sum + scaled(each, digits), 0n);
  const text = (total < 0n ? -total : total).toString().padStart(digits + 1, "0");
  const sign = total < 0n ? "-" : "";
  return digits === 0 ? `${sign}${text}` : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** The number times ten to the power of `digits`. */
function scaled(number: string, digits: number): bigint {
  if (!/^-?\d+(\.\d+)?$/.test(number)) return 0n;
  const [whole = "0", fraction = ""] = number.split(".");
  return BigInt(`${whole}${fraction.padEnd(digits, "0")}`);
}
