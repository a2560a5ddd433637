"""Adding to the outbox, on connections that only look like those of drivers."""

import datetime
import uuid
from decimal import Decimal
from typing import Any

import pytest
from mirante.api.telemetry.v1 import event_pb2
from mirante.outbox import Outbox
from mirante.wire import value_from_proto

NOW_NS = 1_790_000_000_123_456_789


class Cursor:
    """A DB-API cursor."""

    def __init__(self) -> None:
        self.executed: list[tuple[str, Any]] = []
        self.closed = False

    def execute(self, statement: str, parameters: Any) -> None:
        """Record it."""
        self.executed.append((statement, parameters))

    def close(self) -> None:
        """Record that, too."""
        self.closed = True


class Connection:
    """A DB-API connection, which cannot execute."""

    def __init__(self) -> None:
        self.last = Cursor()

    def cursor(self) -> Cursor:
        """Return the only cursor."""
        return self.last


class Asyncpg:
    """A connection of asyncpg."""

    def __init__(self) -> None:
        self.executed: list[tuple[str, Any]] = []

    async def execute(self, statement: str, *parameters: Any) -> None:
        """Record it."""
        self.executed.append((statement, parameters))

    async def fetchval(self) -> None:
        """Make it known for what it is."""


@pytest.fixture
def outbox() -> Outbox:
    """At a known time."""
    return Outbox(release="2026.11", now_ns=lambda: NOW_NS)


def only(executed: list[tuple[str, Any]]) -> event_pb2.Event:
    """Return the event of the only statement."""
    [(statement, (row_id, body))] = executed
    assert statement.startswith("INSERT INTO mirante_outbox")
    event = event_pb2.Event.FromString(body)
    assert uuid.UUID(row_id).bytes == event.id
    return event


def test_id_and_time_are_fixed_at_the_call(outbox: Outbox) -> None:
    """The id is a UUIDv7 of that millisecond, and the time the same to the nanosecond."""
    cursor = Cursor()
    added = outbox.add(cursor, "venda_criada", {"valor": Decimal("10.50")}, tenant="acme", user_id="ana")
    event = only(cursor.executed)
    assert (added.bytes, added.version, added.int >> 80) == (event.id, 7, NOW_NS // 1_000_000)
    assert event.occurred_at.ToNanoseconds() == NOW_NS
    assert value_from_proto(event.properties["valor"]) == "10.50"
    assert (event.tenant, event.user_id, event.context.release) == ("acme", "ana", "2026.11")
    assert event.context.library.name == "mirante-python"


def test_an_id_and_a_time_may_be_given(outbox: Outbox) -> None:
    """For an event that is older than the call, or that a repeated transaction adds again."""
    moment = datetime.datetime(2026, 11, 25, 12, tzinfo=datetime.UTC)
    event_id = uuid.UUID("019ac000-0000-7000-8000-000000000001")
    cursor = Cursor()
    assert outbox.add(cursor, "venda_criada", occurred_at=moment, event_id=event_id) == event_id
    event = only(cursor.executed)
    assert (event.id, event.occurred_at.ToDatetime(datetime.UTC)) == (event_id.bytes, moment)


def test_a_connection_without_execute_lends_a_cursor(outbox: Outbox) -> None:
    """And the cursor is closed."""
    connection = Connection()
    outbox.add(connection, "venda_criada", tenant="acme")
    assert only(connection.last.executed).name == "venda_criada"
    assert connection.last.closed


async def test_asyncpg_has_numbered_parameters(outbox: Outbox) -> None:
    """Each given by itself."""
    connection = Asyncpg()
    await outbox.add_async(connection, "venda_criada", tenant="acme")
    assert only(connection.executed).tenant == "acme"
    assert "CAST($1 AS uuid), $2" in connection.executed[0][0]


@pytest.mark.parametrize(
    "properties", [{"valor": float("nan")}, {"valor": b"1"}, {"valor": "1\x00"}, {"valor": 1 << 64}]
)
async def test_invalid_events_are_refused_before_anything_is_executed(
    outbox: Outbox, properties: dict[str, Any]
) -> None:
    """The error names the field; the transaction can still be used."""
    cursor, connection = Cursor(), Asyncpg()
    with pytest.raises(ValueError, match=r"^properties\.valor: "):
        outbox.add(cursor, "venda_criada", properties)
    with pytest.raises(ValueError, match=r"^properties\.valor: "):
        await outbox.add_async(connection, "venda_criada", properties)
    assert cursor.executed == connection.executed == []


async def test_each_call_wants_its_kind_of_connection(outbox: Outbox) -> None:
    """A coroutine that nobody awaits would lose the event."""
    with pytest.raises(TypeError, match="add_async"):
        outbox.add(Asyncpg(), "venda_criada")
    with pytest.raises(TypeError, match="call add"):
        await outbox.add_async(Cursor(), "venda_criada")
    with pytest.raises(TypeError, match="object is no connection"):
        outbox.add(object(), "venda_criada")
