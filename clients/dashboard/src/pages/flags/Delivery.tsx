import { useEffect, useRef, useState } from "react";
import { useCall } from "../../api/hooks";
import type { Message } from "../../api/methods";
import { ErrorState, SkeletonLines } from "../../components/states";
import { useSpeech } from "../../i18n/language";

/** How often it is asked while clients are missing, and afterwards. */
const WAITING_MS = 400;
const DONE_MS = 5000;
const LAGGING_SHOWN = 8;

interface Props {
  readonly environment: string;
  /** Of the environment, that brought the version of the flag. */
  readonly revision: string;
  readonly version: string;
  /** By `performance.now()`: says how long it took. */
  readonly since?: number;
}

/** How many of the connected clients evaluate with a version, live. */
export function Delivery({ environment, revision, version, since }: Props) {
  const { t, format, counted } = useSpeech();
  const [done, setDone] = useState(false);
  const answer = useCall(
    "mirante.api.flags.v1.FlagSyncService/GetDelivery",
    { environment, revision },
    done ? DONE_MS : WAITING_MS,
  );
  const { data, problem } = answer;
  const complete = data !== undefined && data.applied >= data.connected;
  if (complete !== done) setDone(complete);
  const took = useTook(since, complete && data.connected > 0);
  if (data === undefined) return problem === undefined ? <SkeletonLines lines={2} /> : <ErrorState problem={problem} retry={answer.reload} />;
  if (data.connected === 0) {
    return (
      <p>
        <strong>{t("flags.delivery.nobody")}</strong> <span className="soft">{t("flags.delivery.nobodyLead")}</span>
      </p>
    );
  }
  const missing = data.connected - data.applied;
  return (
    <div className="delivery" data-complete={complete}>
      <p className="delivery-count">
        {t("flags.delivery.of", { applied: format.number(data.applied), connected: format.number(data.connected) })}
      </p>
      <p className="soft">{t("flags.delivery.clients", { version })}</p>
      <progress max={data.connected} value={data.applied} aria-label={t("flags.delivery")} />
      <p className="small" role="status">
        {complete ? t("flags.delivery.all") : counted("flags.delivery.waiting", missing)}
        {took !== undefined && ` ${t("flags.delivery.took", { seconds: format.number(took, 1) })}`}
      </p>
      {data.lagging.length > 0 && <Lagging clients={data.lagging} />}
      {data.partial && <p className="small soft">{t("flags.delivery.partial")}</p>}
    </div>
  );
}

function Lagging({ clients }: { readonly clients: readonly Message<"LaggingSubscriber">[] }) {
  const { t, counted } = useSpeech();
  const more = clients.length - LAGGING_SHOWN;
  return (
    <div className="small">
      <h3>{t("flags.delivery.lagging")}</h3>
      <ul>
        {clients.slice(0, LAGGING_SHOWN).map((client) => (
          <li key={client.clientInstance}>
            <code>
              {client.clientName} {client.clientInstance.slice(0, 8)}
            </code>{" "}
            <span className="soft">{t("flags.delivery.revision", { revision: client.revision })}</span>
          </li>
        ))}
      </ul>
      {more > 0 && <p className="soft">{counted("flags.delivery.waiting", more)}</p>}
    </div>
  );
}

/** Seconds from a change until it was complete for the first time. */
function useTook(since: number | undefined, complete: boolean): number | undefined {
  const [took, setTook] = useState<number>();
  const first = useRef(true);
  useEffect(() => {
    if (!complete || since === undefined || !first.current) return;
    first.current = false;
    setTook((performance.now() - since) / 1000);
  }, [complete, since]);
  return took;
}
