"""People look at events as they come in, and count them."""

import asyncio
import datetime
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import grpc.aio
import pytest
from mirante.api.telemetry.v1 import event_log_service_pb2 as pb2
from mirante.api.telemetry.v1 import event_pb2

from services.runtime.postgres.pool import PostgresPool
from services.telemetry.log.archiving import Archiving
from tests.support.event_log import NOON, insert_event, insert_events, make_days, make_days_around_now
from tests.support.event_log_service import RunningLog, key, running_log
from tests.support.serving import Refused, refused

PATIENCE_SECONDS = 60

Call = grpc.aio.UnaryStreamCall[pb2.TailEventsRequest, pb2.TailEventsResponse]


@pytest.fixture(autouse=True)
async def partitions(connection: asyncpg.Connection) -> None:
    """Create today's partition."""
    await make_days_around_now(connection)


@pytest.fixture
async def log(pool: PostgresPool, folder: Path) -> AsyncIterator[RunningLog]:
    """Yield a running service."""
    async with running_log(pool, folder) as running:
        yield running


async def response(call: Call) -> pb2.TailEventsResponse:
    """Read one response."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        found = await call.read()
    assert isinstance(found, pb2.TailEventsResponse), await call.code()
    return found


async def connected(call: Call) -> Call:
    """Return a call that the service has answered with its first response, which is empty."""
    assert await response(call) == pb2.TailEventsResponse()
    return call


async def events(call: Call, count: int) -> list[event_pb2.StoredEvent]:
    """Read so many events."""
    found: list[event_pb2.StoredEvent] = []
    while len(found) < count:
        found += (await response(call)).events
    assert len(found) == count
    return found


def names(found: list[event_pb2.StoredEvent]) -> list[str]:
    """Return the names of events."""
    return [each.event.name for each in found]


async def test_events_as_they_come_in(log: RunningLog, connection: asyncpg.Connection) -> None:
    """To everybody who looks, those of the environment alone, and entries that are no events to nobody."""
    await insert_events(connection, ["before"])
    calls = [await connected(log.tail()) for _ in range(3)]
    await insert_event(connection, "elsewhere", environment="staging")
    await connection.execute(
        "INSERT INTO events (ord, kind, environment, tenant, subject, name, body) "
        "VALUES (0, 5, 'production', 'acme', '', '', '')"
    )
    await insert_events(connection, ["a", "b"])
    for call in calls:
        found = await events(call, 2)
        assert names(found) == ["a", "b"]
        assert found[0].actor_id == found[1].actor_id != b""
        assert found[0].HasField("received_at")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"names": ["a", "c"]}, ["a", "c"]),
        ({"tenant": "other"}, ["b"]),
        ({"user_id": "ana"}, ["a", "d"]),
        ({"names": ["a", "b"], "tenant": "acme", "user_id": "ana"}, ["a"]),
    ],
)
async def test_filters(
    log: RunningLog, connection: asyncpg.Connection, wanted: dict[str, Any], expected: list[str]
) -> None:
    """Live and among the newest; a user's events are also those of anonymous ids that were joined to it."""
    await connection.execute(
        "INSERT INTO aliases (environment, tenant, anonymous_id, user_id) VALUES ('production', 'acme', 'x', 'ana')"
    )

    async def happens() -> None:
        await insert_event(connection, "a", subject="u:ana")
        await insert_event(connection, "b", subject="a:x", tenant="other")
        await insert_event(connection, "c", subject="u:bia")
        await insert_event(connection, "d", subject="a:x")
        await insert_event(connection, "e", subject="u:bia")

    await happens()
    call = await connected(log.tail(last=100, **wanted))
    assert names(await events(call, len(expected))) == expected
    await happens()
    assert names(await events(call, len(expected))) == expected


async def test_the_newest_events_first_and_then_what_follows(log: RunningLog, connection: asyncpg.Connection) -> None:
    """In the order of the log, with nothing twice and nothing left out between the two; over days."""
    days = [NOON.date() + datetime.timedelta(days=number) for number in range(2)]
    await make_days(connection, *days)
    for number, day in enumerate(days):
        at = datetime.datetime.combine(day, datetime.time(8), datetime.UTC)
        await insert_events(connection, [f"{number}a", f"{number}b"], received_at=at)
    await insert_events(connection, ["2a"])
    running = await connected(log.tail())
    await insert_events(connection, ["2b"])
    assert names(await events(running, 1)) == ["2b"]
    call = await connected(log.tail(last=4))
    assert names(await events(call, 4)) == ["1a", "1b", "2a", "2b"]
    await insert_events(connection, ["2c"])
    assert names(await events(call, 1)) == ["2c"]
    assert names(await events(await connected(log.tail(last=1_000)), 7))[:2] == ["0a", "0b"]


async def test_a_slow_reader_is_told_how_many_it_missed(log: RunningLog, connection: asyncpg.Connection) -> None:
    """What waits for it is bounded; nobody else misses anything."""
    slow, quick = await connected(log.tail()), await connected(log.tail())
    written = 0
    for batch in range(10):
        async with connection.transaction():
            for number in range(400):
                await insert_event(connection, f"b{batch}", number, order=number, tenant="t" * 2_000)
                written += 1
        await events(quick, 400)
    await insert_events(connection, ["last"])
    found, missed = 0, 0
    while found + missed < written + 1:
        answer = await response(slow)
        found += len(answer.events)
        missed += answer.missed
    assert found + missed == written + 1
    assert missed > 0


async def test_large_events_among_the_newest_come_in_portions(log: RunningLog, connection: asyncpg.Connection) -> None:
    """So that no response is larger than what callers take."""
    async with connection.transaction():
        for number in range(100):
            await insert_event(connection, "large", number, order=number, tenant="t" * 60_000)
    call = await connected(log.tail(last=100))
    assert [len((await response(call)).events) for _ in range(3)] == [34, 34, 32]


@pytest.mark.parametrize(
    ("fields", "field"), [({"last": 1_001}, "last"), ({"names": [f"n{number}" for number in range(101)]}, "names")]
)
async def test_too_much_is_refused(log: RunningLog, fields: dict[str, Any], field: str) -> None:
    """With the field's name."""
    call = log.tail(**fields)
    with pytest.raises(grpc.aio.AioRpcError):
        await call.read()
    refusal = Refused.of(await call.code(), await call.details(), await call.trailing_metadata())
    assert (refusal.code, refusal.fields) == ("INVALID_ARGUMENT", [field])


async def test_tails_end_well_when_the_service_stops(log: RunningLog) -> None:
    """Their readers come back elsewhere."""
    call = await connected(log.tail())
    await log.servicer.end_streams()
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await call.read() is grpc.aio.EOF


async def test_counts_of_an_environment(log: RunningLog, connection: asyncpg.Connection) -> None:
    """From what was counted when it was stored: what was refused is not among it."""
    await connection.execute(
        "INSERT INTO coverage VALUES "
        "('production', '2026-03-10', 'a', 1, '', 0, 2), ('production', '2026-03-10', 'a', 2, '', 0, 3), "
        "('production', '2026-03-10', 'a', 3, 'x', 1, 4), ('production', '2026-03-10', 'a', 4, 'y', 0, 50), "
        "('production', '2026-03-09', 'b', 1, '', 7, 1), ('staging', '2026-03-10', 'a', 1, '', 0, 60)"
    )
    counts = (await log.stub.CountEvents(pb2.CountEventsRequest(), metadata=key("reader"))).counts
    assert [(each.name, each.day, each.events) for each in counts] == [("b", "2026-03-09", 1), ("a", "2026-03-10", 9)]


async def test_counts_of_a_tenant(log: RunningLog, connection: asyncpg.Connection, folder: Path) -> None:
    """From the log, archived days included."""
    days = [NOON.date(), NOON.date() + datetime.timedelta(days=1)]
    await make_days(connection, *days)
    for day in days:
        at = datetime.datetime.combine(day, datetime.time(8), datetime.UTC)
        await insert_events(connection, ["a", "b", "a"], received_at=at)
        await insert_event(connection, "a", tenant="other", received_at=at)
        await insert_event(connection, "a", environment="staging", received_at=at)
    expected = [(name, str(day), events) for day in days for name, events in (("a", 2), ("b", 1))]
    for archived in (None, days[0]):
        if archived is not None:
            await Archiving(folder).archive(connection, archived)
        request = pb2.CountEventsRequest(tenant="acme")
        counts = (await log.stub.CountEvents(request, metadata=key("reader"))).counts
        assert [(each.name, each.day, each.events) for each in counts] == expected


async def test_who_may_look(log: RunningLog) -> None:
    """Readers, admins and services, and nobody in another environment."""
    for role in ("server", "browser"):
        refusal = await refused(log.stub.CountEvents(pb2.CountEventsRequest(), metadata=key(role)))
        assert refusal.reason == "ROLE_DENIED"
    request = pb2.CountEventsRequest(environment="staging")
    assert (await refused(log.stub.CountEvents(request, metadata=key("reader")))).reason == "ENVIRONMENT_DENIED"
