import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Message } from "../../api/methods";
import { prettyJsonOf } from "../../api/values";
import { Badge } from "../../components/Badge";
import { Button } from "../../components/Button";
import { useToast } from "../../components/toasts";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";
import type { Only } from "./EventRow";
import { uuidOf } from "./tail";

interface Props {
  readonly stored: Message<"StoredEvent">;
  readonly event: Message<"Event">;
  readonly onOnly: Only;
}

/** Everything about one event. */
export function EventDetail({ stored, event, onOnly }: Props) {
  const { t } = useSpeech();
  const { href } = useScope();
  const tell = useToast();
  const copy = async () => {
    await navigator.clipboard.writeText(JSON.stringify(stored, null, 2));
    tell(t("events.detail.copied"));
  };
  return (
    <div className="event-detail">
      <section>
        <h3>{t("events.detail.properties")}</h3>
        <Properties event={event} />
      </section>
      <section>
        <h3>{t("events.detail.context")}</h3>
        <Origin stored={stored} event={event} />
      </section>
      <div className="row event-actions">
        <Button onClick={() => onOnly({ name: event.name })}>{t("events.detail.onlyThis")}</Button>
        {event.userId !== "" && <Button onClick={() => onOnly({ userId: event.userId })}>{t("events.detail.onlyUser")}</Button>}
        {isSecureContext && (
          <Button icon="copy" onClick={() => void copy()}>
            {t("events.detail.copy")}
          </Button>
        )}
        <Link href={href(`/eventos/catalogo/${event.name}`)}>{t("events.detail.definition")}</Link>
      </div>
    </div>
  );
}

/** The properties of an event with their values. */
export function Properties({ event }: { readonly event: Message<"Event"> }) {
  const { t } = useSpeech();
  const properties = Object.entries(event.properties);
  if (properties.length === 0) return <p className="soft small">{t("events.detail.noProperties")}</p>;
  return (
    <dl className="facts mono-facts">
      {properties.map(([name, value]) => (
        <Fact key={name} name={name}>
          <pre>{prettyJsonOf(value)}</pre>
        </Fact>
      ))}
    </dl>
  );
}

function Origin({ stored, event }: Pick<Props, "stored" | "event">) {
  const { t, format } = useSpeech();
  const { context } = event;
  const [occurred, got] = [stored.occurredAt, stored.receivedAt].map((each) => (each === undefined ? undefined : new Date(each)));
  const late = occurred === undefined || got === undefined ? 0 : (got.getTime() - occurred.getTime()) / 1000;
  const at = (time: Date | undefined) => (time === undefined ? "" : `${format.day(time)} ${format.clock(time)}`);
  const join = (...texts: (string | undefined)[]) => texts.filter(Boolean).join(" ");
  const facts: [string, ReactNode][] = [
    [t("events.detail.occurred"), at(occurred)],
    [t("events.detail.received"), `${at(got)} (${t("events.detail.after", { seconds: format.number(Math.max(0, late), 1) })})`],
    [t("events.detail.tenant"), event.tenant],
    [t("events.detail.user"), event.userId],
    [t("events.detail.anonymous"), event.anonymousId],
    [t("events.detail.session"), event.sessionId],
    [t("events.detail.page"), join(context?.page?.path, context?.page?.title)],
    [
      t("events.detail.device"),
      join(context?.browser?.name, context?.browser?.version, context?.device?.operatingSystem, context?.device?.type),
    ],
    [t("events.detail.release"), context?.release],
    [t("events.detail.locale"), context?.locale],
    [t("events.detail.library"), join(context?.library?.name, context?.library?.version)],
    [t("events.detail.id"), <code key="id">{uuidOf(event.id)}</code>],
  ];
  return (
    <>
      <dl className="facts">
        {facts
          .filter(([, value]) => value !== "" && value !== undefined)
          .map(([name, value]) => (
            <Fact key={name} name={name}>
              {value}
            </Fact>
          ))}
      </dl>
      <div className="row event-marks">
        {stored.timeMarks.map((mark) => (
          <Badge key={mark} tone="warn">
            {t(`events.mark.${mark}`)}
          </Badge>
        ))}
        {stored.imported && <Badge>{t("events.detail.imported")}</Badge>}
        {stored.definitionVersion > 0 && <Badge>{t("events.detail.version", { version: stored.definitionVersion })}</Badge>}
      </div>
    </>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
