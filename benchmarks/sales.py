"""Sales as the vendas backend sends them: five properties, of many users of many tenants, none of them twice."""

import random
import time

from mirante.api.telemetry.v1 import event_pb2
from mirante.telemetry.event_id import uuid7

from services.telemetry.catalogue.catalogue_yaml import read_catalogue
from services.telemetry.catalogue.judge import CatalogueJudge
from services.telemetry.demo import demo_catalogue
from services.telemetry.ingestion.admission import Terms, admit
from services.telemetry.ingestion.candidates import Candidate


class Sales:
    """Makes events, seeded but for their ids."""

    def __init__(self) -> None:
        self._random = random.Random(20_261_125)
        self._judge = CatalogueJudge(read_catalogue(demo_catalogue()), b"s" * 32, "production")

    def events(self, count: int) -> list[event_pb2.Event]:
        """Return events that happen now, of 500 tenants and 100,000 users."""
        return [self._event() for _ in range(count)]

    def candidates(self, count: int) -> list[Candidate]:
        """Return events as the service would store them."""
        terms = Terms("production", self._judge, time.time_ns() // 1_000, 0, 0)
        admitted = [admit(event.SerializeToString(), terms) for event in self.events(count)]
        return [candidate for candidate in admitted if isinstance(candidate, Candidate)]

    def _event(self) -> event_pb2.Event:
        draw = self._random
        event = event_pb2.Event(
            id=uuid7().bytes,
            name="venda_criada",
            tenant=f"t{draw.randrange(500)}",
            user_id=f"u{draw.randrange(100_000)}",
            session_id=f"s{draw.randrange(1_000_000)}",
        )
        event.occurred_at.FromNanoseconds(time.time_ns())
        event.context.library.name, event.context.library.version = "mirante-python", "0.1.0"
        properties = event.properties
        properties["venda_id"].string_value = f"v-{draw.randrange(10**9)}"
        properties["valor"].string_value = f"{draw.randrange(1, 500_000) / 100:.2f}"
        properties["moeda"].string_value = "BRL"
        properties["itens_count"].int_value = draw.randrange(1, 12)
        properties["metodo_pagamento"].string_value = draw.choice(("pix", "cartao_credito", "boleto"))
        return event
