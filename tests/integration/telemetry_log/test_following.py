"""Readers follow the log by cursor, over connections and restarts."""

import asyncio
import datetime
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import grpc.aio
import pytest
from mirante.api.telemetry.v1 import event_log_service_pb2 as pb2

from services.runtime.errors import Unauthenticated
from services.runtime.postgres.pool import PostgresPool
from services.telemetry.events.subjects import actor_id
from services.telemetry.log.archiving import Archiving
from services.telemetry.log.epoch import open_installation
from tests.support.datastores import ServerHandle
from tests.support.event_log import (
    NOON,
    insert_day,
    insert_event,
    insert_events,
    make_days,
    make_days_around_now,
)
from tests.support.event_log_service import RunningLog, key, running_log
from tests.support.serving import Refused

PATIENCE_SECONDS = 60


@pytest.fixture(autouse=True)
async def partitions(connection: asyncpg.Connection) -> None:
    """Create today's partition."""
    await make_days_around_now(connection)


@pytest.fixture
async def log(pool: PostgresPool, folder: Path) -> AsyncIterator[RunningLog]:
    """Yield a running service."""
    async with running_log(pool, folder) as running:
        yield running


class Reader:
    """One stream, and what it brought."""

    def __init__(self, log: RunningLog, cursor: bytes = b"", **fields: Any) -> None:
        self.cursor = cursor
        self.entries: list[bytes] = []
        self.largest = 0
        self.most = 0
        self.call = log.follow(cursor, **fields)

    async def until(self, count: int) -> "Reader":
        """Read until there are so many entries."""
        while len(self.entries) < count:
            await self.next()
        return self

    async def until_end(self) -> "Reader":
        """Read until the service says that there is nothing more."""
        while not (await self.next()).at_end:
            pass
        return self

    async def next(self) -> pb2.FollowEventsResponse:
        """Read one response."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            response = await self.call.read()
        assert isinstance(response, pb2.FollowEventsResponse), await self.call.code()
        self.cursor = response.cursor
        self.entries += [entry.SerializeToString(deterministic=True) for entry in response.entries]
        self.largest = max(self.largest, response.ByteSize())
        self.most = max(self.most, len(response.entries))
        return response

    def names(self) -> list[str]:
        """Return the names of the events."""
        return [pb2.LogEntry.FromString(each).event.event.name for each in self.entries]

    def close(self) -> None:
        """End the stream."""
        self.call.cancel()


async def refused(call: "grpc.aio.UnaryStreamCall[pb2.FollowEventsRequest, pb2.FollowEventsResponse]") -> Refused:
    """Return how a stream was refused."""
    with pytest.raises(grpc.aio.AioRpcError):
        await ended(call)
    return Refused.of(await call.code(), await call.details(), await call.trailing_metadata())


async def ended(call: "grpc.aio.UnaryStreamCall[pb2.FollowEventsRequest, pb2.FollowEventsResponse]") -> None:
    """Read until the stream has ended."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await call.read() is not grpc.aio.EOF:
            pass


async def test_readers_with_their_own_cursors_read_the_same(log: RunningLog, connection: asyncpg.Connection) -> None:
    """Whatever they take at a time, whenever they begin, and while events come in."""
    await insert_events(connection, [f"a{number}" for number in range(30)])
    readers = [Reader(log, batch_size=size) for size in (0, 7)]
    await asyncio.gather(*[reader.until(30) for reader in readers])
    await insert_events(connection, [f"b{number}" for number in range(30)])
    readers.append(Reader(log, batch_size=1))
    first, *others = await asyncio.gather(*[reader.until(60) for reader in readers])
    assert first.names() == [f"{letter}{number}" for letter in "ab" for number in range(30)]
    assert [other.entries == first.entries for other in others] == [True, True]
    assert [reader.most for reader in readers[1:]] == [7, 1]


async def test_a_reader_resumes_at_another_replica_after_a_restart(
    pool: PostgresPool, folder: Path, connection: asyncpg.Connection
) -> None:
    """From the cursor that came with what it had applied: nothing twice, nothing missed."""
    await insert_events(connection, ["a", "b", "c"])
    async with running_log(pool, folder) as log:
        first = await Reader(log, batch_size=2).until(2)
    await insert_events(connection, ["d"])
    async with running_log(pool, folder) as log:
        second = await Reader(log, first.cursor).until(2)
        third = await Reader(log, second.cursor).until_end()
    assert (first.names(), second.names(), third.names()) == (["a", "b"], ["c", "d"], [])


async def test_an_event_as_it_is_streamed(log: RunningLog, connection: asyncpg.Connection, pool: PostgresPool) -> None:
    """With the time of its commit and the person; an anonymous id that was joined is the user."""
    await connection.execute(
        "INSERT INTO aliases (environment, tenant, anonymous_id, user_id) VALUES ('production', 'acme', 'x', 'ana')"
    )
    await insert_event(connection, "a", 1, subject="a:x")
    await insert_event(connection, "b", 2, subject="u:ana")
    await insert_event(connection, "c", 3, subject="a:y")
    reader = await Reader(log).until(3)
    events = [pb2.LogEntry.FromString(entry).event for entry in reader.entries]
    secret = (await open_installation(pool)).hash_secret
    ana, somebody = (actor_id(secret, "production", "acme", subject) for subject in ("u:ana", "a:y"))
    assert [event.actor_id for event in events] == [ana, ana, somebody]
    received = await connection.fetch("SELECT received_at FROM events ORDER BY xid")
    assert [event.received_at.ToDatetime(datetime.UTC) for event in events] == [row[0] for row in received]
    assert events[1].event.user_id == "ana"
    assert events[1].event.properties["numero"].int_value == 2
    assert events[1].definition_version == 1


async def test_entries_of_other_kinds(log: RunningLog, connection: asyncpg.Connection) -> None:
    """They come as they were written, in their place."""
    messages = {
        2: pb2.ActorMerge(tenant="acme", from_actor_id=b"f" * 16, into_actor_id=b"i" * 16),
        3: pb2.ActorErasure(tenant="acme", actor_ids=[b"x" * 16]),
        4: pb2.ActorSplit(tenant="acme", actor_id=b"a" * 16, from_actor_id=b"f" * 16),
        5: pb2.TenantErasure(tenant="acme"),
    }
    for kind, message in messages.items():
        await connection.execute(
            "INSERT INTO events (ord, kind, environment, tenant, subject, name, body) "
            "VALUES (0, $1, 'production', 'acme', '', '', $2)",
            kind,
            message.SerializeToString(),
        )
    reader = await Reader(log).until(4)
    entries = [pb2.LogEntry.FromString(entry) for entry in reader.entries]
    assert entries[0].merge == messages[2]
    assert (entries[1].erasure, entries[2].split, entries[3].tenant_erasure) == (messages[3], messages[4], messages[5])


async def test_archived_days_are_streamed_like_the_others(
    log: RunningLog, connection: asyncpg.Connection, folder: Path
) -> None:
    """Byte for byte, for readers that begin before them, within them and after them."""
    days = [NOON.date() + datetime.timedelta(days=number) for number in range(3)]
    await make_days(connection, *days)
    names = [name for day in days for name in await insert_day(connection, day)]
    before = await Reader(log).until(len(names))
    cursors = [(await Reader(log, batch_size=count).until(count)).cursor for count in (1, 14, 20)]
    for day in days[:2]:
        await Archiving(folder).archive(connection, day)
    after = await Reader(log).until(len(names))
    assert before.names() == after.names() == names
    assert before.entries == after.entries
    for count, cursor in zip((1, 14, 20), cursors, strict=True):
        assert (await Reader(log, cursor).until_end()).entries == before.entries[count:]


async def test_a_commit_is_told_of_at_once(pool: PostgresPool, folder: Path, connection: asyncpg.Connection) -> None:
    """A signal ends the wait; the poll is far longer than the test's patience."""
    async with running_log(pool, folder, poll_seconds=1_000.0) as log:
        reader = await Reader(log).until_end()
        await insert_events(connection, ["a"])
        log.signal.notify("production")
        await reader.until(1)


async def test_what_a_transaction_under_way_held_back_comes_when_it_ends(
    log: RunningLog, pool: PostgresPool, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when that is not a writer of events, so that nobody signals its end."""
    monkeypatch.setattr("services.telemetry.log.event_log_servicer._QUIET_SECONDS", 0.01)
    reader = await Reader(log).until_end()
    async with pool.transaction() as other:
        await other.execute("SELECT pg_current_xact_id()")
        await insert_events(connection, ["a"])
        log.signal.notify("production")
        for _ in range(3):
            assert not (await reader.next()).entries
    await reader.until(1)


async def test_from_now(log: RunningLog, connection: asyncpg.Connection) -> None:
    """What is in the log already is left out."""
    await insert_events(connection, ["old"])
    reader = await Reader(log, from_now=True).until_end()
    await insert_events(connection, ["new"])
    assert (await reader.until(1)).names() == ["new"]


async def test_heartbeats_bring_cursors(
    log: RunningLog, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quiet stream says that it is alive, and where it stands although other environments' events were passed."""
    monkeypatch.setattr("services.telemetry.log.event_log_servicer._QUIET_SECONDS", 0.01)
    reader = await Reader(log).until_end()
    before = reader.cursor
    await insert_event(connection, "elsewhere", environment="staging")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while reader.cursor == before:
            response = await reader.next()
            assert response.at_end
            assert not response.entries


async def test_responses_are_bounded(log: RunningLog, connection: asyncpg.Connection) -> None:
    """By bytes, whatever batch is asked for."""
    async with connection.transaction():
        for number in range(100):
            await insert_event(connection, "large", number, order=number, tenant="t" * 60_000)
    reader = await Reader(log, batch_size=4_000_000_000).until(100)
    assert 1024 * 1024 < reader.largest <= 2 * 1024 * 1024


@pytest.mark.parametrize("cursor", [b"x", b"\0" * 45, b"1" * 1_000])
async def test_a_cursor_that_is_none(log: RunningLog, cursor: bytes) -> None:
    """The field and the reason are named."""
    refusal = await refused(log.follow(cursor))
    assert (refusal.code, refusal.reason, refusal.fields) == ("INVALID_ARGUMENT", "INVALID_CURSOR", ["cursor"])


async def test_a_cursor_of_another_environment(log: RunningLog) -> None:
    """It is foreign."""
    reader = await Reader(log).until_end()
    request = pb2.FollowEventsRequest(environment="staging", cursor=reader.cursor)
    refusal = await refused(log.stub.FollowEvents(request, metadata=key("internal *")))
    assert refusal.reason == "INVALID_CURSOR"


async def test_a_cursor_goes_without_from_now(log: RunningLog) -> None:
    """One of the two is meant."""
    reader = await Reader(log).until_end()
    refusal = await refused(log.follow(reader.cursor, from_now=True))
    assert (refusal.code, refusal.fields) == ("INVALID_ARGUMENT", ["from_now"])


async def test_a_database_that_was_replaced_under_open_streams(log: RunningLog, connection: asyncpg.Connection) -> None:
    """They end, their cursors are refused, and who begins anew reads on."""
    await insert_events(connection, ["a"])
    reader = await Reader(log).until(1)
    await connection.execute("UPDATE telemetry_installation SET fingerprint = 'the one that was lost'")
    for refusal in (await refused(reader.call), await refused(log.follow(reader.cursor))):
        assert (refusal.code, refusal.reason) == ("FAILED_PRECONDITION", "CURSOR_OF_ANOTHER_EPOCH")
    assert (await Reader(log).until(1)).names() == ["a"]


async def test_a_cursor_from_the_lost_future_of_a_database_that_was_put_back(
    log: RunningLog, connection: asyncpg.Connection
) -> None:
    """Nothing else tells that copy from the original; from then on every old cursor is refused."""
    await insert_events(connection, ["a"])
    old = await Reader(log).until(1)
    await connection.execute("UPDATE events SET xid = (xid::text::bigint + 1000000)::text::xid8")
    await connection.execute("UPDATE telemetry_installation SET xid_offset = 2000000")
    lost = await Reader(log).until(1)
    await connection.execute("UPDATE telemetry_installation SET xid_offset = 0")
    for cursor in (lost.cursor, old.cursor):
        assert (await refused(log.follow(cursor))).reason == "CURSOR_OF_ANOTHER_EPOCH"


async def test_a_crash_of_the_database_loses_nothing(
    log: RunningLog, connection: asyncpg.Connection, database_url: str, postgres_server: ServerHandle
) -> None:
    """
    Streams end as UNAVAILABLE, and their cursors are good afterwards.

    Transactions that left no trace on disk give their ids to others after a crash: a position among them would skip
    what those write.
    """
    await insert_events(connection, ["before"])
    reader = await Reader(log).until(1)
    for _ in range(20):
        rolled_back = connection.transaction()
        await rolled_back.start()
        await connection.execute("SELECT pg_current_xact_id()")
        await rolled_back.rollback()
    await reader.until_end()
    await postgres_server.kill()
    assert (await refused(reader.call)).reason == "STORE_UNAVAILABLE"
    await postgres_server.wait_until_ready()
    writer = await asyncpg.connect(database_url)
    try:
        await insert_events(writer, ["after"])
    finally:
        await writer.close()
    resumed = await Reader(log, reader.cursor).until(1)
    assert resumed.names() == ["after"]


async def test_who_may_follow(log: RunningLog) -> None:
    """Services only."""
    for role in ("reader", "admin", "server", "browser"):
        assert (await refused(log.follow(role=role))).reason == "ROLE_DENIED"


async def test_streams_end_well_when_the_service_stops(log: RunningLog) -> None:
    """And no new ones begin."""
    reader = await Reader(log).until_end()
    await log.servicer.end_streams()
    await ended(reader.call)
    assert await reader.call.code() is grpc.StatusCode.OK
    assert (await refused(log.follow())).reason == "NOT_READY"


async def test_streams_of_a_revoked_key_end(log: RunningLog) -> None:
    """With the reason."""
    reader = await Reader(log).until_end()
    log.revoke("internal", Unauthenticated("the key was revoked"))
    assert (await refused(reader.call)).code == "UNAUTHENTICATED"


async def test_how_far_readers_are_behind(log: RunningLog, connection: asyncpg.Connection) -> None:
    """Nothing at the end; who does not read falls behind by the age of what it reads next."""
    at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=30)
    await make_days(connection, at.date())
    async with connection.transaction():
        for number in range(300):
            await insert_event(connection, "large", number, order=number, tenant="t" * 50_000, received_at=at)
    reader = Reader(log, batch_size=10)
    await reader.until(10)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while log.servicer.lags().get("production", 0.0) < 1_000:
            await asyncio.sleep(0.005)
        await reader.until(300)
        await reader.until_end()
    assert log.servicer.lags() == {"production": 0.0}
    reader.close()
