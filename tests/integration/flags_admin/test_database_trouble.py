"""The database restarts, hangs or is full of waiting: calls fail clearly, and work again by themselves."""

import asyncio
import os
import signal

import asyncpg
import pytest
from mirante.api.flags.v1 import flag_admin_service_pb2 as pb2

from services.flags.store import Kind
from services.runtime.errors import Unavailable
from tests.support.datastores import ServerHandle
from tests.support.flag_desk import Desk, reason
from tests.support.flag_store import AUTHOR, bool_flag, migrated_store


async def test_calls_fail_clearly_while_the_database_is_down(desk: Desk, postgres_server: ServerHandle) -> None:
    """STORE_UNAVAILABLE with a delay, for reading and writing; after its return they work without a restart."""
    await desk.create(bool_flag("a"))
    await postgres_server.stop()
    for attempt in (desk.get("a"), desk.kill("a"), desk.create(bool_flag("b")), desk.export_yaml()):
        with pytest.raises(Unavailable) as caught:
            await attempt
        assert reason(caught.value) == "STORE_UNAVAILABLE"
        assert "nothing was changed" in caught.value.message
        assert caught.value.retry_seconds > 0
    await postgres_server.start()
    await postgres_server.wait_until_ready()
    assert (await desk.kill("a")).flag.version == 2
    assert [entry.version for entry in await desk.history("a")] == [2, 1]


async def test_connections_that_died_are_replaced(desk: Desk, postgres_server: ServerHandle) -> None:
    """A crash breaks what is open; at most the calls of that moment fail, and what was acknowledged is there."""
    acknowledged = []
    for number in range(30):
        if number == 10:
            await postgres_server.kill()
        if number == 20:
            await postgres_server.wait_until_ready()
        try:
            acknowledged.append((await desk.create(bool_flag(f"flag-{number}"))).flag.key)
        except Unavailable:
            assert number >= 10
    await postgres_server.wait_until_ready()
    assert (await desk.create(bool_flag("last"))).flag.version == 1
    entries = (await desk.store.rules.changes_since("production", 0)).entries
    assert {*acknowledged, "last"} <= {entry.key for entry in entries}
    assert [entry.revision for entry in entries] == list(range(1, len(entries) + 1))
    assert len(acknowledged) >= 19


async def test_a_database_that_hangs_gives_an_error(database_url: str) -> None:
    """Nobody waits for ever; when it goes on, so does the service, and the change that was given up is not made."""
    async with migrated_store(database_url, "production", work_seconds=0.5) as store:
        desk = Desk(store, database_url)
        await desk.create(bool_flag("a"))
        connection = await asyncpg.connect(database_url)
        backends = await connection.fetch(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        for backend in backends:
            os.kill(backend["pid"], signal.SIGSTOP)
        try:
            with pytest.raises(Unavailable):
                await desk.kill("a")
        finally:
            for backend in backends:
                os.kill(backend["pid"], signal.SIGCONT)
            await connection.close()
        assert (await desk.get("a")).flag.version == 1
        assert (await desk.kill("a")).flag.version == 2


async def test_waiting_for_another_writer_has_an_end(database_url: str) -> None:
    """A writer that does not finish holds up others for the time that one piece of work may take, and no longer."""
    async with migrated_store(database_url, "production", work_seconds=0.5) as store:
        desk = Desk(store, database_url)
        with pytest.raises(Unavailable):
            async with store.definitions.change("production", AUTHOR, seconds=30):
                await desk.create(bool_flag("a"))
        assert (await desk.create(bool_flag("a"))).revision == 1


async def test_a_caller_that_goes_away_leaves_nothing_half_done(desk: Desk) -> None:
    """Calls cancelled at any moment write all of their change or nothing, and hold no lock."""
    yaml = "flags: {" + ", ".join(f"f{n}: {{on: true}}" for n in range(50)) + "}"
    request = pb2.ImportFlagsRequest(environment="production", yaml=yaml)
    for patience in (0.0, 0.001, 0.003, 0.01, 0.02, 0.04, 0.08):
        call = asyncio.create_task(desk.call(desk.flags.ImportFlags, request))
        await asyncio.wait([call], timeout=patience)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        changes = await desk.store.rules.changes_since("production", 0)
        assert (changes.head.revision, len(changes.entries)) in ((0, 0), (1, 50))
    await desk.create(bool_flag("after"))
    record = await desk.store.definitions.find("production", Kind.FLAG, "after")
    assert record is not None
