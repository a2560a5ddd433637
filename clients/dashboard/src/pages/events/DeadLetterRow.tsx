import { useId, useState } from "react";
import type { Message } from "../../api/methods";
import { Badge } from "../../components/Badge";
import { Button } from "../../components/Button";
import { useSpeech } from "../../i18n/language";
import { Properties } from "./EventDetail";

interface Props {
  readonly letter: Message<"DeadLetter">;
  readonly chosen: boolean;
  /** Without it nothing can be done to it. */
  readonly onChoose?: (on: boolean) => void;
  readonly onReplay?: () => void;
}

/** One event that was rejected: where it is wrong, and what it carried. */
export function DeadLetterRow({ letter, chosen, onChoose, onReplay }: Props) {
  const { t, format } = useSpeech();
  const [open, setOpen] = useState(false);
  const id = useId();
  const { event, receivedAt, replayedAt } = letter;
  if (event === undefined) return null;
  const at = receivedAt === undefined ? "" : format.dateTime(new Date(receivedAt), new Date());
  const values = { name: event.name, at };
  return (
    <li className="tail-item">
      <div className="dead-row">
        {onChoose !== undefined ? (
          <input
            type="checkbox"
            aria-label={t("events.dead.select", values)}
            checked={chosen}
            onChange={(change) => onChoose(change.target.checked)}
          />
        ) : (
          <span />
        )}
        <button
          type="button"
          className="tail-row"
          aria-label={t("events.dead.details", values)}
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
        >
          <time className="soft" dateTime={receivedAt}>
            {at}
          </time>
          <strong className="mono">{event.name}</strong>
          <span className="tail-who">{event.tenant}</span>
          <span className="dead-why">
            <code>{letter.field}</code> {letter.message}
          </span>
          {replayedAt !== undefined && (
            <Badge tone="good">{t("events.dead.replayed", { at: format.dateTime(new Date(replayedAt), new Date()) })}</Badge>
          )}
        </button>
      </div>
      <div id={id} hidden={!open}>
        {open && (
          <div className="event-detail">
            <section>
              <h3>{t("events.detail.properties")}</h3>
              <Properties event={event} />
            </section>
            <section>
              <h3>{t("events.dead.why")}</h3>
              <dl className="facts">
                <dt>
                  <code>{letter.field}</code>
                </dt>
                <dd>{letter.message}</dd>
                <dt>{t("events.event.version")}</dt>
                <dd>{letter.definitionVersion}</dd>
                {event.userId !== "" && (
                  <>
                    <dt>{t("events.detail.user")}</dt>
                    <dd>{event.userId}</dd>
                  </>
                )}
              </dl>
            </section>
            {onReplay !== undefined && (
              <div className="row event-actions">
                <Button onClick={onReplay}>{t("events.dead.replayOne")}</Button>
              </div>
            )}
          </div>
        )}
      </div>
    </li>
  );
}
