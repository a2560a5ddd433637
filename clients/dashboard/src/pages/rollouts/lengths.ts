/** Lengths of time as people write them; pure. */
import type { Speech } from "../../i18n/language";

const DAY = 86_400;

/** Writes a length in seconds: whole days as days. */
export function lengthText(seconds: number, { counted, format }: Pick<Speech, "counted" | "format">): string {
  return seconds > 0 && seconds % DAY === 0 ? counted("dsg.plan.days", seconds / DAY) : format.duration(seconds);
}
