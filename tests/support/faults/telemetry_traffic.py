"""Events as a soak sends them: of several tenants, each with an id of its own, a few of them against the catalogue."""

import os
import random
import time
from dataclasses import dataclass
from typing import NamedTuple

from mirante.api.telemetry.v1 import event_pb2, raw_batch_pb2
from mirante.telemetry.event_id import new_event_id

TENANTS = ("acme", "bazar", "casa", "doce", "estrela")
UNDECLARED = "passo_do_teste"
"""No event of the catalogue, which is open: it is stored all the same."""

_STRICT = "venda_criada"


class Sent(NamedTuple):
    """An event as it is sent, each time with the same bytes; `valid` says whether the catalogue lets it in."""

    id: bytes
    tenant: str
    raw: bytes
    valid: bool


@dataclass(frozen=True)
class Traffic:
    """
    Makes events.

    Args:
        tenants: whose events.
        invalid: which part of the sales lacks what the catalogue demands.
    """

    tenants: tuple[str, ...] = TENANTS
    invalid: float = 0.0

    def batch(self, size: int) -> list[Sent]:
        """Return events that happen now."""
        now = time.time_ns()
        entropy = os.urandom(10 * size)
        return [self._event(now, entropy[start : start + 10]) for start in range(0, 10 * size, 10)]

    def _event(self, now: int, entropy: bytes) -> Sent:
        draw = random.random()
        name = _STRICT if draw < 0.7 else "dashboard_acessado" if draw < 0.9 else UNDECLARED
        tenant = random.choice(self.tenants)
        event = event_pb2.Event(
            id=new_event_id(now // 1_000_000, entropy), name=name, tenant=tenant, user_id=f"u{random.randrange(5_000)}"
        )
        event.occurred_at.FromNanoseconds(now)
        valid = name != _STRICT or random.random() >= self.invalid
        if name == _STRICT:
            properties = event.properties
            properties["venda_id"].string_value = f"v-{random.randrange(10**9)}"
            properties["moeda"].string_value = "BRL"
            properties["itens_count"].int_value = random.randrange(1, 12)
            properties["metodo_pagamento"].string_value = "pix"
            if valid:
                properties["valor"].string_value = f"{random.randrange(1, 500_000) / 100:.2f}"
        return Sent(event.id, tenant, event.SerializeToString(), valid)


def request_of(batch: list[Sent], client: str, sent_ns: int | None = None) -> raw_batch_pb2.RawIngestRequest:
    """Return the request that sends a batch, now or at another time of the client's clock."""
    request = raw_batch_pb2.RawIngestRequest(events=[event.raw for event in batch], client_instance=client)
    request.sent_at.FromNanoseconds(time.time_ns() if sent_ns is None else sent_ns)
    return request
