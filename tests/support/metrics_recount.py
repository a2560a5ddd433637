"""The default metrics counted naively: from a list of entries, by their definitions and nothing else."""

from collections.abc import Sequence
from decimal import Decimal

from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1.event_pb2 import StoredEvent

from services.metrics.live.environment import LiveMetrics

ERRORS = {"erro_frontend", "erro_validacao", "erro_permissao", "timeout_request"}

Shown = dict[tuple[str, str], Decimal | None]
"""What is shown of each metric and currency."""


def surviving(entries: Sequence[log_pb2.LogEntry], tenant: str = "acme") -> list[StoredEvent]:
    """Return what a log of these entries holds of a tenant now: merged, and without what was erased."""
    events: list[StoredEvent] = []
    for entry in entries:
        kind = entry.WhichOneof("kind")
        if kind == "event" and entry.event.event.tenant == tenant:
            copy = StoredEvent()
            copy.CopyFrom(entry.event)
            events.append(copy)
        elif kind == "merge" and entry.merge.tenant == tenant:
            for each in events:
                if each.actor_id == entry.merge.from_actor_id:
                    each.actor_id = entry.merge.into_actor_id
        elif kind == "erasure" and entry.erasure.tenant == tenant:
            events = [each for each in events if each.actor_id not in entry.erasure.actor_ids]
        elif kind == "tenant_erasure" and entry.tenant_erasure.tenant == tenant:
            events = []
    return events


def recount(events: Sequence[StoredEvent], end: int) -> Shown:
    """Return the numbers of the windows that end with a minute."""

    def within(width: int, *, received: bool = False) -> list[StoredEvent]:
        return [each for each in events if end - width < minute_of(each, received=received) <= end]

    cancelled = {_text(each, "venda_id") for each in events if each.event.name == "venda_cancelada"}
    hour = within(60)
    sales = [each for each in hour if each.event.name == "venda_criada"]
    kept = [each for each in sales if _text(each, "venda_id") not in cancelled]
    buyers = {each.actor_id for each in sales if each.actor_id}
    seen = {each.actor_id for each in hour if each.actor_id}
    online = {each.actor_id for each in within(5, received=True) if each.actor_id}
    shown: Shown = {
        ("vendas_hora", ""): Decimal(len(kept)),
        ("usuarios_online", ""): Decimal(len(online)),
        ("conversao_rate", ""): (Decimal(len(buyers)) / len(seen)).quantize(Decimal("0.000001")) if seen else None,
        ("erros_minuto", ""): Decimal(sum(each.event.name in ERRORS for each in within(1))),
    }
    for each in kept:
        key = ("receita_hora", _text(each, "moeda"))
        shown[key] = (shown.get(key) or Decimal(0)) + Decimal(_text(each, "valor"))
    return shown


def counted(metrics: LiveMetrics, end: int, tenant: str = "acme") -> Shown:
    """Return the same from the live state; currencies without any amount are left out."""
    numbers = metrics.numbers(tenant)
    shown: Shown = {}
    for at, metric in enumerate(metrics.plan.metrics):
        if metric.percent:
            continue
        for currency in numbers.currencies(at):
            value = numbers.window(at, currency, end).shown
            if value or metric.name != "receita_hora":
                shown[metric.name, currency] = value
    return shown


def minute_of(stored: StoredEvent, *, received: bool = False) -> int:
    """Return the minute that an event falls into."""
    at = stored.received_at if received and not stored.imported else stored.occurred_at
    return at.seconds // 60


def _text(stored: StoredEvent, name: str) -> str:
    return stored.event.properties[name].string_value
