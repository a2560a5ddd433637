/** Figures of health, as text; pure. */
import type { Message } from "../../api/methods";
import type { Format } from "../../i18n/format";
import type { Language } from "../../i18n/messages";

export type Health = Message<"ProgrammeHealth">;
export type Recovery = Message<"Recovery">;

/** A figure that can be unknown. */
export type FigureName = "recovery" | "coverage" | "live" | "stages" | "experiments";

const MINUTE = 60;
const HOUR = 3600;

/** Returns why a figure is not known; undefined when no reason was given. */
export function reasonOf(health: Health, figure: FigureName): string | undefined {
  return health.unknown.find((each) => each.figure === figure)?.reason;
}

/** Writes a length in seconds with more digits than a menu needs: 2,4 s; 3 min 20 s; 1 h 5 min. */
export function preciseLength(seconds: number, format: Format): string {
  if (seconds < MINUTE) {
    const tenths = Math.round(seconds * 10) / 10;
    if (tenths < MINUTE) return `${format.number(tenths, 1)} s`;
  }
  const whole = Math.round(seconds);
  if (whole >= HOUR) return format.duration(whole);
  return `${Math.floor(whole / MINUTE)} min ${whole % MINUTE} s`;
}

/** Returns how many seconds a recovery took; undefined when one of its times is not said. Clocks that disagree give 0. */
export function tookSeconds({ beganAt, offAt }: Recovery): number | undefined {
  if (beganAt === undefined || offAt === undefined) return undefined;
  return Math.max(0, (new Date(offAt).getTime() - new Date(beganAt).getTime()) / 1000);
}

/** Writes a month such as "2026-11" in words. What is no month stays as it is. */
export function monthText(month: string, language: Language): string {
  const time = new Date(`${month}-01T00:00:00Z`);
  if (Number.isNaN(time.getTime())) return month;
  return new Intl.DateTimeFormat(language, { month: "short", year: "numeric", timeZone: "UTC" }).format(time);
}
