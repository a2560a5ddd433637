"""Connections that the server ends, at the moment when its last word is known and its end is not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest

from services.runtime.errors import Unavailable
from services.runtime.postgres.leadership import leading
from services.runtime.postgres.pool import PostgresPool, open_pool
from tests.support.lingering_relay import LingeringRelay

_OTHERS = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> $1
"""


@pytest.fixture
async def relay(database_url: str) -> AsyncIterator[LingeringRelay]:
    """Yield the way to the database."""
    async with LingeringRelay(database_url).running() as running:
        yield running


@pytest.fixture
def end_connections(database_url: str, relay: LingeringRelay) -> Callable[[], Awaitable[None]]:
    """Return what ends everybody's connection as an operator would; the clients have been told."""

    async def end() -> None:
        operator = await asyncpg.connect(database_url)
        await operator.execute(_OTHERS, operator.get_server_pid())
        await operator.close()
        await relay.hung_up.wait()
        await asyncio.sleep(0)  # the clients read, on this loop

    return end


async def ask(pool: PostgresPool) -> int:
    """Ask something."""
    async with pool.transaction() as connection:
        answer: int = await connection.fetchval("SELECT 1")
        return answer


async def test_the_pool_lets_go_of_a_connection_that_was_ended(
    relay: LingeringRelay, end_connections: Callable[[], Awaitable[None]]
) -> None:
    """The work that meets it is told that the database is away, and the next connects anew."""
    async with open_pool(relay.url, "tests", connections=1) as pool:
        assert await ask(pool) == 1
        await end_connections()
        with pytest.raises(Unavailable):
            await ask(pool)
        assert await ask(pool) == 1


async def test_work_in_a_transaction_is_told(
    relay: LingeringRelay, end_connections: Callable[[], Awaitable[None]]
) -> None:
    """Also what raised an error of its own meanwhile: the connection is not given to the next."""

    async def fail(pool: PostgresPool) -> None:
        async with pool.transaction():
            await end_connections()
            raise ValueError("of its own")

    async with open_pool(relay.url, "tests", connections=1) as pool:
        with pytest.raises(Unavailable):
            await fail(pool)
        assert await ask(pool) == 1


async def test_a_leader_is_told(relay: LingeringRelay, end_connections: Callable[[], Awaitable[None]]) -> None:
    """Whatever it does next on its connection, it leads no more; and somebody else may."""

    async def lead() -> None:
        async with leading(relay.url, "tests", 7) as connection:
            assert connection is not None
            await end_connections()
            await connection.execute("SELECT 1")

    with pytest.raises(Unavailable):
        await lead()
    async with leading(relay.url, "tests", 7) as connection:
        assert connection is not None
