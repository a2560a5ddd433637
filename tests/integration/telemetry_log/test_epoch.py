"""A log that was copied or restored is noticed when it is opened."""

import asyncio
from urllib.parse import urlsplit

import asyncpg

from services.telemetry.log.epoch import Installation, open_installation
from tests.support.datastores import ServerHandle, fresh_database
from tests.support.event_log import NOON, insert_events, make_days, migrated_pool


async def opened(url: str) -> Installation:
    """Open a database as a service does."""
    async with migrated_pool(url) as pool:
        return await open_installation(pool)


async def test_the_same_database_keeps_its_epoch(postgres_server: ServerHandle, database_url: str) -> None:
    """Also when the server crashed; the secret and the log's beginning never change."""
    first = await opened(database_url)
    assert len(first.hash_secret) == 32
    await postgres_server.kill()
    await postgres_server.wait_until_ready()
    assert await opened(database_url) == first


async def test_a_copy_has_an_epoch_of_its_own(postgres_server: ServerHandle, database_url: str) -> None:
    """Replicas that open it at once agree on one; who people are does not change with it."""
    original = await opened(database_url)
    async with fresh_database(postgres_server, template=urlsplit(database_url).path[1:]) as copy:
        found = await asyncio.gather(*[opened(copy) for _ in range(4)])
        assert found == [found[0]] * 4
        assert found[0].epoch != original.epoch
        assert (found[0].hash_secret, found[0].log_began) == (original.hash_secret, original.log_began)
        assert await opened(copy) == found[0]
    assert await opened(database_url) == original


async def test_positions_grow_after_a_dump_was_restored_on_a_younger_server(database_url: str) -> None:
    """Its transaction ids begin anew; what is written next still comes after all that the dump holds."""
    await opened(database_url)
    connection = await asyncpg.connect(database_url)
    try:
        await make_days(connection, NOON.date())
        await insert_events(connection, ["antes"], received_at=NOON)
        await connection.execute("UPDATE events SET xid = '900000000000'")
        await connection.execute("UPDATE telemetry_installation SET fingerprint = 'the server that was lost'")
        await opened(database_url)
        await insert_events(connection, ["depois"], received_at=NOON)
        rows = await connection.fetch("SELECT name FROM events ORDER BY xid")
        assert [row["name"] for row in rows] == ["antes", "depois"]
    finally:
        await connection.close()
