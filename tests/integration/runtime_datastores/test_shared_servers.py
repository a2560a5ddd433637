"""The fixtures that other tests stand on."""

import asyncpg
from redis.asyncio import Redis

from tests.integration.runtime_datastores.rows import read, write
from tests.support.datastores import ServerHandle, fresh_database


async def test_each_database_is_fresh(postgres_server: ServerHandle, redis_url: str) -> None:
    """Two databases share nothing and are gone afterwards, even while somebody is connected."""
    async with fresh_database(postgres_server) as one, fresh_database(postgres_server) as two:
        await write(one, redis_url, "one")
        await write(two, redis_url, "two")
        assert (await read(one, redis_url))[0] == ["one"]
        lingering = await asyncpg.connect(one)
    lingering.terminate()
    connection = await asyncpg.connect(postgres_server.url)
    try:
        names = await connection.fetch("SELECT datname FROM pg_database WHERE datname LIKE 'test_%'")
    finally:
        await connection.close()
    assert not {url.rpartition("/")[2] for url in (one, two)} & {row["datname"] for row in names}


async def test_a_database_can_be_copied_from_a_template(postgres_server: ServerHandle, redis_url: str) -> None:
    """What was prepared once is there in each copy."""
    async with fresh_database(postgres_server) as prepared:
        await write(prepared, redis_url, "prepared")
        async with fresh_database(postgres_server, template=prepared.rpartition("/")[2]) as copy:
            assert (await read(copy, redis_url))[0] == ["prepared"]


async def test_a_server_that_a_test_stopped_comes_back_for_the_next(
    postgres_server: ServerHandle, valkey_server: ServerHandle
) -> None:
    """Handles work from the loop of any test, and stopping is not for ever."""
    await postgres_server.stop()
    await valkey_server.stop()
    assert (postgres_server.pid, valkey_server.pid) == (None, None)


async def test_after_the_one_that_stopped_them(database_url: str, redis_url: str) -> None:
    """Both fixtures give running, empty servers, whatever happened before."""
    async with Redis.from_url(redis_url) as client:
        assert await client.dbsize() == 0
    await write(database_url, redis_url, "a")
    assert await read(database_url, redis_url) == (["a"], ["a"])
