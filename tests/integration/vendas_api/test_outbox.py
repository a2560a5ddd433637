"""With a database, a sale and its event are one thing: both are there, or neither."""

import threading
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from mirante import Delivery
from mirante.outbox import Outbox, OutboxRelay
from mirante.testing import StaticFlags

from examples.vendas_api.app import create_app
from examples.vendas_api.postgres_sales import PostgresSales
from examples.vendas_api.traffic import PEOPLE, play
from tests.support.eventually import eventually
from tests.support.fake_telemetry import KEY, FakeTelemetry, properties_of
from tests.support.vendas_backend import served

CALLER = {"X-User": "ana", "X-Tenant": "acme", "X-Role": "gerente"}
SALE = {"produto": "caderno", "valor": "200.00"}


@pytest.fixture
def telemetry() -> Iterator[FakeTelemetry]:
    """Yield a telemetry service."""
    with FakeTelemetry() as service:
        yield service


@pytest.fixture
def sales(database_url: str) -> PostgresSales:
    """Return sales in an empty database."""
    return PostgresSales(database_url)


@pytest.fixture
def backend(sales: PostgresSales, telemetry: FakeTelemetry) -> Iterator[httpx.Client]:
    """Yield a client of a backend that looks into its outbox only when it is woken."""
    relay = OutboxRelay(
        telemetry.address, api_key=KEY, connect=sales.connect, poll=3_600, delivery=Delivery(retry_base=0.02)
    )
    with served(create_app(StaticFlags(), sales, relay)) as connect, connect() as client:
        client.headers.update(CALLER)
        yield client


def test_sales_and_cancellations_are_delivered(backend: httpx.Client, telemetry: FakeTelemetry) -> None:
    """At once after the commit, with everything that is declared."""
    venda_id = backend.post("/vendas", json=SALE).json()["venda"]["venda_id"]
    assert eventually(lambda: telemetry.names == ["venda_criada"])
    [event] = telemetry.named("venda_criada")
    assert properties_of(event) == {
        "venda_id": str(venda_id),
        "valor": "190.00",
        "moeda": "BRL",
        "itens_count": 1,
        "metodo_pagamento": "pix",
    }
    assert (event.tenant, event.user_id) == ("acme", "ana")
    backend.delete(f"/vendas/{venda_id}")
    assert eventually(lambda: telemetry.names == ["venda_criada", "venda_cancelada"])


def test_a_sale_that_fails_has_no_event(
    backend: httpx.Client, telemetry: FakeTelemetry, sales: PostgresSales, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is there a sale whose event could not be written."""

    def refuse(*_: object, **__: object) -> uuid.UUID:
        raise ValueError("properties.valor: is no good")

    with monkeypatch.context() as patched:
        patched.setattr(Outbox, "add", refuse)
        assert backend.post("/vendas", json=SALE).status_code == 500
    assert backend.get("/vendas").json() == []
    assert waiting(sales) == 0
    backend.post("/vendas", json=SALE)
    assert eventually(lambda: telemetry.names == ["venda_criada"])


def test_sales_go_on_while_telemetry_is_away(
    backend: httpx.Client, telemetry: FakeTelemetry, sales: PostgresSales
) -> None:
    """Their events wait in the database, and lose nothing."""
    telemetry.stop()
    for _ in range(5):
        assert backend.post("/vendas", json=SALE).status_code == 201
    assert waiting(sales) == 5
    telemetry.start()
    assert eventually(lambda: len(telemetry.named("venda_criada")) == 5)
    assert eventually(lambda: waiting(sales) == 0)


def test_several_processes_may_start_at_once(sales: PostgresSales) -> None:
    """Each creates the tables where there are none."""
    failures: list[BaseException] = []

    def prepare() -> None:
        try:
            sales.prepare()
        except psycopg.Error as error:
            failures.append(error)

    threads = [threading.Thread(target=prepare) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert waiting(sales) == 0


def test_traffic_is_the_same_with_a_database(
    backend: httpx.Client, telemetry: FakeTelemetry, sales: PostgresSales, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every sale that was made is delivered once, every cancellation, too."""
    monkeypatch.setattr("examples.vendas_api.reports.TIME_LIMIT", 0.05)
    play(lambda: httpx.Client(base_url=backend.base_url, timeout=30), len(PEOPLE))
    [[made, cancelled]] = rows(sales, "SELECT count(*), count(cancelada_em) FROM vendas")
    assert made > cancelled > 0
    assert eventually(lambda: waiting(sales) == 0)
    assert len(telemetry.named("venda_criada")) == made
    assert len(telemetry.named("venda_cancelada")) == cancelled


def waiting(sales: PostgresSales) -> int:
    """Return how many events are in the outbox."""
    return int(rows(sales, "SELECT count(*) FROM mirante_outbox")[0][0])


def rows(sales: PostgresSales, query: str) -> list[Any]:
    """Return what a query finds."""
    with sales.connect() as connection:
        return connection.execute(query.encode()).fetchall()
