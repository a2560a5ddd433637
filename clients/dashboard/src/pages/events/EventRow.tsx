import { memo, useId, useState } from "react";
import type { Message } from "../../api/methods";
import { useSpeech } from "../../i18n/language";
import { EventDetail } from "./EventDetail";
import { summaryOf } from "./tail";

/** Follows only events of a name, or of a user. */
export type Only = (next: { name?: string; userId?: string }) => void;

interface Props {
  readonly stored: Message<"StoredEvent">;
  /** Of one tenant only: it needs no naming. */
  readonly ofOne: boolean;
  readonly onOnly: Only;
}

/** One event in a line, which opens. */
export const EventRow = memo(function EventRow({ stored, ofOne, onOnly }: Props) {
  const { t, format } = useSpeech();
  const [open, setOpen] = useState(false);
  const id = useId();
  const { event } = stored;
  if (event === undefined) return null;
  const at = stored.occurredAt === undefined ? undefined : new Date(stored.occurredAt);
  return (
    <li className="tail-item">
      <button type="button" className="tail-row" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
        <time className="soft" dateTime={stored.occurredAt}>
          {at === undefined ? "" : format.clock(at)}
        </time>
        <strong className="mono" data-undeclared={stored.definitionVersion === 0}>
          {event.name}
        </strong>
        <span className="tail-who">
          {!ofOne && `${event.tenant} `}
          <span className="faint">{event.userId || event.anonymousId}</span>
        </span>
        <span className="tail-summary mono">{summaryOf(event)}</span>
        {stored.definitionVersion === 0 && <span className="badge badge-warn">{t("events.detail.undeclared")}</span>}
      </button>
      <div id={id} hidden={!open}>
        {open && <EventDetail stored={stored} event={event} onOnly={onOnly} />}
      </div>
    </li>
  );
}, (before, after) => before.stored === after.stored);
