import { call } from "../../api/call";
import { asProblem, usePages } from "../../api/hooks";
import type { Message } from "../../api/methods";
import { Badge } from "../../components/Badge";
import { Button } from "../../components/Button";
import { useNow } from "../../components/now";
import { EmptyState, ErrorState, problemText, SkeletonLines } from "../../components/states";
import { type Column, Table } from "../../components/Table";
import { useToast } from "../../components/toasts";
import { NOTHING } from "../../i18n/format";
import { useSpeech } from "../../i18n/language";
import { useScope } from "../../shell/scope";

type Delivery = Message<"Delivery">;

const TONES = {
  DELIVERY_STATE_UNSPECIFIED: "plain",
  DELIVERY_STATE_PENDING: "warn",
  DELIVERY_STATE_DELIVERED: "good",
  DELIVERY_STATE_FAILED: "bad",
} as const;

interface Props {
  /** Only of one alert or webhook; empty: all. */
  readonly alertId?: string;
  readonly webhookId?: string;
}

/** What was sent to webhooks or is to be sent, the newest first. */
export function Deliveries({ alertId = "", webhookId = "" }: Props) {
  const { t } = useSpeech();
  const { environment } = useScope();
  const { pages, problem, more, reload } = usePages("mirante.api.metrics.v1.AlertService/ListDeliveries", {
    environment,
    alertId,
    webhookId,
    pageSize: 50,
  });
  const columns = useColumns(reload);
  if (pages === undefined) return problem === undefined ? <SkeletonLines /> : <ErrorState problem={problem} retry={reload} />;
  const deliveries = pages.flatMap((page) => page.deliveries);
  if (deliveries.length === 0) return <EmptyState title={t("alerts.delivery.none")} />;
  return (
    <>
      <Table caption={t("alerts.delivery.title")} columns={columns} rows={deliveries} rowKey={(each) => each.id} />
      {more !== undefined && <Button onClick={more}>{t("action.more")}</Button>}
    </>
  );
}

function useColumns(reload: () => void): Column<Delivery>[] {
  const { t, format } = useSpeech();
  const { environment } = useScope();
  const tell = useToast();
  const now = useNow(30_000);
  const time = (text: string | undefined) => (text === undefined ? NOTHING : format.dateTime(new Date(text), now));
  const retry = (delivery: Delivery) => {
    call("mirante.api.metrics.v1.AlertService/RetryDelivery", { environment, deliveryId: delivery.id }).then(
      () => {
        tell(t("alerts.delivery.retried"));
        reload();
      },
      (error: unknown) => tell(problemText(asProblem(error), t), "bad"),
    );
  };
  const answer = (attempt: Message<"DeliveryAttempt"> | undefined) => {
    if (attempt === undefined) return NOTHING;
    const status = attempt.status === 0 ? t("alerts.delivery.noAnswer") : String(attempt.status);
    return attempt.error === "" ? status : `${status}: ${attempt.error}`;
  };
  return [
    { key: "created", title: t("alerts.delivery.created"), cell: (each) => <span className="nowrap">{time(each.createdAt)}</span> },
    { key: "event", title: t("alerts.delivery.event"), cell: (each) => t(`alerts.webhook.event.${each.event}`) },
    {
      key: "state",
      title: t("alerts.delivery.state"),
      cell: (each) => <Badge tone={TONES[each.state]}>{t(`alerts.delivery.state.${each.state}`)}</Badge>,
    },
    { key: "attempts", title: t("alerts.delivery.attempts"), number: true, cell: (each) => format.number(each.attemptCount) },
    {
      key: "last",
      title: t("alerts.delivery.last"),
      cell: (each) => (
        <>
          {answer(each.attempts[0])}
          {each.nextAttemptAt !== undefined && (
            <span className="faint"> ({t("alerts.delivery.next", { at: time(each.nextAttemptAt) })})</span>
          )}
        </>
      ),
    },
    {
      key: "act",
      title: "",
      cell: (each) => <Button onClick={() => retry(each)}>{t("alerts.delivery.retry")}</Button>,
    },
  ];
}
