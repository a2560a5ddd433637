"""What the tests of the client's telemetry share."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from mirante import Delivery, Mirante

from tests.support.fake_telemetry import KEY, FakeTelemetry

QUICK = Delivery(linger=0.02, spool_linger=0.01, retry_base=0.02, retry_longest=0.2, call_timeout=5, exit_timeout=5)

MakeClient = Callable[..., Mirante]


@pytest.fixture
def telemetry() -> Iterator[FakeTelemetry]:
    """Yield a telemetry service."""
    with FakeTelemetry() as service:
        yield service


@pytest.fixture
def make_client(telemetry: FakeTelemetry) -> Iterator[MakeClient]:
    """Yield a way to make clients; no flag service is there."""
    clients: list[Mirante] = []

    def make(delivery: Delivery = QUICK, **settings: Any) -> Mirante:
        settings = {"api_key": KEY, "telemetry_address": telemetry.address} | settings
        client = Mirante("127.0.0.1:1", delivery=delivery, **settings)
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(make_client: MakeClient) -> Mirante:
    """Return a client in a hurry."""
    return make_client()
