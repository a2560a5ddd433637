"""Events that are hard to count: late, repeated, cancelled before they were made, of people who are known later."""

import random
import time
from collections import Counter
from typing import Any, Final

import grpc.aio
from mirante.api.telemetry.v1 import event_pb2
from mirante.api.telemetry.v1 import identity_service_pb2 as identity_pb2
from mirante.api.telemetry.v1.identity_service_pb2_grpc import IdentityServiceStub

from tests.support.telemetry_events import sale
from tests.support.whole_mirante import WholeMirante

TENANTS: Final = ("acme", "bazar", "casa", "doce", "estrela")
HARD: Final = ("late", "duplicates", "cancelled", "cancelled before they came", "aliases")
"""What a run has to have had."""

_BATCH: Final = 20
_LATEST_MINUTES: Final = 80
"""Some of what comes late belongs to no window any more."""


class LiveTraffic:
    """Sends events of all tenants to the telemetry service, and counts what it has sent."""

    def __init__(self, mirante: WholeMirante, seed: int) -> None:
        self.counts: Counter[str] = Counter()
        self._mirante = mirante
        self._random = random.Random(seed)
        self._sales: list[event_pb2.Event] = []
        self._before: list[event_pb2.Event] = []
        self._number = 0

    async def send_batch(self) -> None:
        """Send a batch; the one before it is sent once more now and then. Raises what the call raises."""
        batch = [self._event() for _ in range(_BATCH)]
        again = self._before if self._random.random() < 0.3 else []
        statuses = await self._mirante.send(*batch, *again)
        assert statuses == ["ACCEPTED"] * len(batch) + ["DUPLICATE"] * len(again)
        self.counts["duplicates"] += len(again)
        self._before = batch

    async def know_visitors(self) -> None:
        """Have some of the visitors turn out to be users."""
        metadata = (("authorization", f"Bearer {self._mirante.keys['server']}"),)
        async with grpc.aio.insecure_channel(self._mirante.telemetry.address) as channel:
            stub: Any = IdentityServiceStub(channel)
            for tenant in TENANTS:
                number = self._random.randrange(30)
                request = identity_pb2.AliasRequest(
                    tenant=tenant, anonymous_id=f"visitor-{number}", user_id=f"u{number}"
                )
                self.counts["aliases"] += (await stub.Alias(request, metadata=metadata)).joined_now

    def _event(self) -> event_pb2.Event:
        draw = self._random.random()
        tenant = self._random.choice(TENANTS)
        if draw < 0.6:
            return self._sale(tenant)
        if draw < 0.75 and self._sales:
            return self._cancelled(self._sales.pop(self._random.randrange(len(self._sales))))
        if draw < 0.8:
            # Its sale comes with a later batch, or never.
            sold = self._sale(tenant)
            if self._random.random() < 0.5:
                self._sales.append(sold)
            self.counts["cancelled before they came"] += 1
            return self._cancelled(sold)
        return self._visit(tenant)

    def _sale(self, tenant: str) -> event_pb2.Event:
        self._number += 1
        late = self._random.random() < 0.2
        made_ms = time.time_ns() // 1_000_000 - late * self._random.randrange(_LATEST_MINUTES * 60_000)
        made = sale(
            tenant,
            f"u{self._random.randrange(30)}",
            made_ms=made_ms,
            venda_id=f"v-{self._number}",
            valor=f"{self._random.randrange(1, 500_000) / 100:.2f}",
            moeda=self._random.choice(("BRL", "BRL", "BRL", "USD")),
        )
        self.counts["late" if late else "sales"] += 1
        self._sales.append(made)
        return made

    def _cancelled(self, sold: event_pb2.Event) -> event_pb2.Event:
        """Return what cancels a sale, as it was made."""
        undone = sale(sold.tenant, sold.user_id)
        undone.name = "venda_cancelada"
        for name in ("venda_id", "valor", "moeda"):
            undone.properties[name].CopyFrom(sold.properties[name])
        for name in ("itens_count", "metodo_pagamento"):
            del undone.properties[name]
        self.counts["cancelled"] += 1
        return undone

    def _visit(self, tenant: str) -> event_pb2.Event:
        visit = sale(tenant, "")
        visit.name, visit.anonymous_id = "pagina_vista", f"visitor-{self._random.randrange(30)}"
        visit.properties.clear()
        visit.properties["caminho"].string_value = "/"
        self.counts["visits"] += 1
        return visit
