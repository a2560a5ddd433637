"""Entries of the log as the metrics service reads them, for tests."""

from typing import Any

from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.wire import value_to_proto

NOW = 1_767_225_600 + 30
"""Thirty seconds into a minute, an hour and a day: 2026-01-01 00:00:30 UTC."""
THIS_MINUTE = NOW // 60


def entry(
    name: str,
    minute: int,
    actor: str = "",
    *,
    tenant: str = "acme",
    received: int | None = None,
    imported: bool = False,
    **properties: Any,
) -> log_pb2.LogEntry:
    """Return an event that happened in a minute, and was received in the same one unless told otherwise."""
    made = log_pb2.LogEntry()
    stored = made.event
    stored.event.name, stored.event.tenant = name, tenant
    stored.occurred_at.seconds = minute * 60 + 7
    stored.received_at.seconds = (minute if received is None else received) * 60 + 9
    stored.imported = imported
    stored.actor_id = actor.encode()
    for key, value in properties.items():
        stored.event.properties[key].CopyFrom(value_to_proto(value))
    return made


def sale(minute: int, actor: str = "", sale_id: str = "v-1", valor: str = "10.00", **more: Any) -> log_pb2.LogEntry:
    """Return a `venda_criada` in reais."""
    return entry("venda_criada", minute, actor, venda_id=sale_id, valor=valor, **({"moeda": "BRL"} | more))


def cancellation(minute: int, actor: str = "", sale_id: str = "v-1", **more: Any) -> log_pb2.LogEntry:
    """Return a `venda_cancelada`."""
    return entry("venda_cancelada", minute, actor, venda_id=sale_id, valor="10.00", moeda="BRL", **more)


def merge(from_actor: str, into: str, tenant: str = "acme") -> log_pb2.LogEntry:
    """Return the entry that joins two actors."""
    made = log_pb2.LogEntry()
    made.merge.tenant, made.merge.from_actor_id, made.merge.into_actor_id = tenant, from_actor.encode(), into.encode()
    return made


def erasure(*actors: str, tenant: str = "acme") -> log_pb2.LogEntry:
    """Return the entry by which actors are forgotten."""
    made = log_pb2.LogEntry()
    made.erasure.tenant = tenant
    made.erasure.actor_ids.extend(each.encode() for each in actors)
    return made


def tenant_erasure(tenant: str = "acme") -> log_pb2.LogEntry:
    """Return the entry by which a tenant is forgotten."""
    made = log_pb2.LogEntry()
    made.tenant_erasure.tenant = tenant
    return made
