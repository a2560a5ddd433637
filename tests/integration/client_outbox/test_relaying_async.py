"""The asyncio relay: the same decisions as the thread's, over asyncpg."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import grpc
import pytest
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2
from mirante.outbox import AsyncOutboxRelay, Outbox, OutboxBacklog, RelayStatus

from tests.integration.client_outbox.conftest import QUICK
from tests.support.datastores import ServerHandle
from tests.support.eventually import LONGEST, eventually
from tests.support.fake_telemetry import KEY, FakeTelemetry
from tests.support.outbox_table import OutboxTable


@pytest.fixture
async def pool(table: OutboxTable) -> AsyncIterator[Any]:
    """Yield a pool on the database with the table."""
    async with asyncpg.create_pool(table.url, min_size=1, max_size=4) as opened:
        yield opened


@contextlib.asynccontextmanager
async def running(relay: AsyncOutboxRelay) -> AsyncIterator[AsyncOutboxRelay]:
    """Run a relay until the block ends."""
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def make_relay(telemetry: FakeTelemetry, pool: Any, poll: float = 0.02) -> AsyncOutboxRelay:
    """Return a relay in a hurry."""
    return AsyncOutboxRelay(telemetry.address, api_key=KEY, pool=pool, poll=poll, delivery=QUICK)


async def emptied(relay: AsyncOutboxRelay) -> None:
    """Return when nothing waits in the table."""
    async with asyncio.timeout(LONGEST):
        while (await relay.backlog()).waiting:
            await asyncio.sleep(0.002)


def delivered(telemetry: FakeTelemetry) -> list[uuid.UUID]:
    """Return the ids of what was stored, in the order of arrival."""
    return [uuid.UUID(bytes=event_id) for event_id in telemetry.stored]


async def test_everything_that_is_committed_is_delivered(
    table: OutboxTable, telemetry: FakeTelemetry, pool: Any
) -> None:
    """In order; what the service refuses is set aside, what it postpones comes again."""
    calls = []

    def judge(event: Any) -> Any:
        calls.append(event.name)
        postponed = event.name == "venda_editada" and calls.count(event.name) == 1
        return ingest_pb2.EVENT_STATUS_RETRY if postponed else None

    telemetry.judge = judge
    first, bad, late = table.add("venda_criada", "bad_sale", "venda_editada")
    others = table.add(*["venda_criada"] * 20)
    async with running(make_relay(telemetry, pool)) as relay:
        await emptied(relay)
        assert (await relay.backlog()) == OutboxBacklog(0, 1, 0.0)
        assert relay.status == RelayStatus(sent=22, rejected=1)
    assert sorted(delivered(telemetry)) == sorted([first, late, *others])
    assert [each for each in delivered(telemetry) if each != late] == [first, *others]
    assert table.ids() == [bad]


async def test_waking_spares_the_poll(telemetry: FakeTelemetry, pool: Any) -> None:
    """Also from another thread."""
    async with running(make_relay(telemetry, pool, poll=3_600)) as relay:
        for wake in (relay.wake, lambda: asyncio.to_thread(relay.wake)):
            async with pool.acquire() as connection, connection.transaction():
                await Outbox().add_async(connection, "venda_criada", tenant="acme")
            woken = wake()
            if woken is not None:
                await woken
            await emptied(relay)
    assert len(telemetry.stored) == 2


async def test_cancelling_cuts_a_batch_off_that_counts_once(
    table: OutboxTable, telemetry: FakeTelemetry, pool: Any
) -> None:
    """The service has it, the table still has it, and the next relay delivers it again."""
    answered = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(request: ingest_pb2.IngestRequest, context: grpc.ServicerContext) -> None:
        telemetry.take(request)
        loop.call_soon_threadsafe(answered.set)
        eventually(lambda: not context.is_active())

    telemetry.scripts.append(hold)
    added = table.add(*["venda_criada"] * 3)
    async with running(make_relay(telemetry, pool)):
        async with asyncio.timeout(LONGEST):
            await answered.wait()
    assert table.ids() == added
    async with running(make_relay(telemetry, pool)) as relay:
        await emptied(relay)
        assert relay.status == RelayStatus(duplicates=3)
    assert delivered(telemetry) == added


async def test_outages_of_both_sides_lose_nothing(
    table: OutboxTable, telemetry: FakeTelemetry, pool: Any, postgres_server: ServerHandle
) -> None:
    """The service is gone, then the database is, and the relay comes back by itself."""
    async with running(make_relay(telemetry, pool)) as relay:
        telemetry.stop()
        added = table.add("venda_criada")
        async with asyncio.timeout(LONGEST):
            while relay.status.problem != "UNAVAILABLE":
                await asyncio.sleep(0.002)
        await postgres_server.kill()
        await postgres_server.wait_until_ready()
        telemetry.start()
        added += table.add("venda_criada")
        async with asyncio.timeout(LONGEST):
            while delivered(telemetry) != added:
                await asyncio.sleep(0.002)
        await emptied(relay)
    assert relay.status.problem == ""


async def test_it_runs_once_at_a_time(telemetry: FakeTelemetry, pool: Any) -> None:
    """Two tasks would get in each other's way."""
    async with running(make_relay(telemetry, pool)) as relay:
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="runs already"):
            await relay.run()
    async with running(relay):
        await emptied(relay)
