import type { Message } from "../../api/methods";
import { useSpeech } from "../../i18n/language";

interface Props {
  /** The newest first. */
  readonly events: readonly Message<"RolloutEvent">[];
  readonly now: Date;
}

/** Everything that happened to a plan. */
export function History({ events, now }: Props) {
  const { t, format } = useSpeech();
  return (
    <ol className="history-line">
      {events.map((event, index) => {
        const at = event.at === undefined ? undefined : new Date(event.at);
        return (
          <li key={`${event.at ?? ""} ${index}`} data-action={event.action}>
            <strong>{t(`roll.event.${event.action}`, { stage: event.stage })}</strong>
            <span className="soft small">
              {t("roll.event.by", { actor: event.actor, when: at === undefined ? "" : format.dateTime(at, now) })}
              {event.revision !== "0" && ` · ${t("roll.event.revision", { revision: event.revision })}`}
            </span>
            {event.action === "ROLLOUT_ACTION_BREACH" && event.evidence !== undefined ? (
              <p className="mono">{event.evidence.guard}</p>
            ) : (
              event.comment !== "" && <p>{event.comment}</p>
            )}
          </li>
        );
      })}
    </ol>
  );
}
