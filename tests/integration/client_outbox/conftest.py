"""What the tests of the outbox share: a database with the table, a telemetry service, and relays."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from mirante import Delivery
from mirante.outbox import OutboxRelay

from tests.support.fake_telemetry import KEY, FakeTelemetry
from tests.support.outbox_table import OutboxTable

QUICK = Delivery(batch_events=10, retry_base=0.02, retry_longest=0.1, denied_base=0.05, call_timeout=5)

MakeRelay = Callable[..., OutboxRelay]


@pytest.fixture
def table(database_url: str) -> OutboxTable:
    """Return a database with the table, and nothing in it."""
    return OutboxTable(database_url)


@pytest.fixture
def telemetry() -> Iterator[FakeTelemetry]:
    """Yield a telemetry service."""
    with FakeTelemetry() as service:
        yield service


@pytest.fixture
def make_relay(table: OutboxTable, telemetry: FakeTelemetry) -> Iterator[MakeRelay]:
    """Yield a way to make relays, which are stopped afterwards."""
    relays: list[OutboxRelay] = []

    def make(**settings: Any) -> OutboxRelay:
        usual: dict[str, Any] = {"api_key": KEY, "connect": table.connect, "poll": 0.02, "delivery": QUICK}
        relays.append(OutboxRelay(telemetry.address, **usual | settings))
        return relays[-1]

    yield make
    for relay in relays:
        relay.stop()
