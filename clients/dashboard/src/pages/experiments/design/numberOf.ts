/** Returns the number that somebody wrote, with comma or point; undefined for nothing, NaN for what is none. Pure. */
export function numberOf(text: string): number | undefined {
  if (text.trim() === "") return undefined;
  const read = Number(text.trim().replace(",", "."));
  return Number.isFinite(read) ? read : Number.NaN;
}
