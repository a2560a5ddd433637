import { useSpeech } from "../../i18n/language";
import type { Day } from "./catalogueRows";

interface Props {
  /** The oldest first. */
  readonly days: readonly Day[];
  /** With the days below, and read out. Otherwise they are a picture beside numbers. */
  readonly labelled?: boolean;
}

/** At most so many days are written below the bars. */
const LABELS = 8;

/** Events by day: those that keep to the definition, and those that do not. */
export function DayBars({ days, labelled = false }: Props) {
  const { t, format } = useSpeech();
  const most = Math.max(1, ...days.map((day) => day.accepted + day.dead));
  const every = Math.ceil(days.length / LABELS);
  const share = (count: number) => `${(count / most) * 100}%`;
  return (
    <ol className={labelled ? "day-bars day-bars-labelled" : "day-bars"} aria-hidden={!labelled}>
      {days.map((day, index) => {
        // Noon, so that the day is the same in most time zones.
        const label = format.day(new Date(`${day.day}T12:00:00Z`));
        const words = [
          `${format.number(day.accepted)} ${t("events.event.series.accepted")}`,
          ...(day.violating > 0 ? [`${format.number(day.violating)} ${t("events.event.series.violating")}`] : []),
          ...(day.dead > 0 ? [`${format.number(day.dead)} ${t("events.event.series.dead")}`] : []),
        ].join(", ");
        return (
          <li key={day.day} title={`${label}: ${words}`}>
            <span className="day-bar" aria-hidden="true">
              <span className="day-part day-dead" style={{ height: share(day.dead) }} />
              <span className="day-part day-violating" style={{ height: share(day.violating) }} />
              <span className="day-part" style={{ height: share(day.accepted - day.violating) }} />
            </span>
            {labelled && (
              <>
                <span className="day-label" aria-hidden="true">
                  {(days.length - 1 - index) % every === 0 ? label : ""}
                </span>
                <span className="visually-hidden">
                  {label}: {words}
                </span>
              </>
            )}
          </li>
        );
      })}
    </ol>
  );
}
