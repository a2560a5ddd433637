"""Events as clients send them, for tests."""

import os
import time
from typing import Any

from mirante.api.telemetry.v1 import event_pb2
from mirante.telemetry.event_id import new_event_id
from mirante.wire import value_to_proto


def event_id(at_ms: int | None = None) -> bytes:
    """Return a UUIDv7 of now or of another moment."""
    return new_event_id(time.time_ns() // 1_000_000 if at_ms is None else at_ms, os.urandom(10))


def sale(
    tenant: str = "acme", user_id: str = "ana", *, made_ms: int | None = None, **properties: Any
) -> event_pb2.Event:
    """Return a `venda_criada` that happened now."""
    event = event_pb2.Event(id=event_id(made_ms), name="venda_criada", tenant=tenant, user_id=user_id)
    event.occurred_at.FromNanoseconds(time.time_ns() if made_ms is None else made_ms * 1_000_000)
    values: dict[str, Any] = {
        "venda_id": "v-1",
        "valor": "99.90",
        "moeda": "BRL",
        "itens_count": 3,
        "metodo_pagamento": "pix",
    }
    for name, value in (values | properties).items():
        event.properties[name].CopyFrom(value_to_proto(value))
    return event
