"""A primary dies and its standby takes over, under a pool and an identity that know both."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from services.runtime.errors import Unavailable
from services.runtime.postgres.identity import DatabaseIdentity, Recognised
from services.runtime.postgres.pool import PostgresPool, open_pool
from tests.support.postgres_pair import PostgresPair, postgres_pair

IDENTITY = DatabaseIdentity("installation", witness="installation")


@pytest.fixture
async def pair() -> AsyncIterator[PostgresPair]:
    """Yield a pair with a table for identities."""
    async with postgres_pair() as running:
        await running.primary.execute("CREATE TABLE installation (fingerprint text NOT NULL DEFAULT '')")
        await running.primary.execute("INSERT INTO installation DEFAULT VALUES")
        yield running


async def settle(pool: PostgresPool) -> Recognised:
    """Look at the identity, as a service does."""
    async with pool.transaction() as connection:
        return await IDENTITY.settle(connection)


async def test_the_standby_is_another_database_once_it_takes_writes(pair: PostgresPair) -> None:
    """Until then it is away, for whoever has its address alone."""
    standby = pair.standby
    async with open_pool(pair.url, "test") as pool, open_pool(standby.url, "test") as waiting:
        assert await settle(pool) is Recognised.FIRST
        assert await settle(pool) is Recognised.SAME
        with pytest.raises(Unavailable):
            await settle(waiting)
        await pair.fail_over()
        found: Recognised | None = None
        async with asyncio.timeout(60):
            while found is None:
                with suppress(Unavailable):  # connections of before are of no use
                    found = await settle(pool)
        assert found is Recognised.OTHER
        assert await settle(waiting) is Recognised.SAME
