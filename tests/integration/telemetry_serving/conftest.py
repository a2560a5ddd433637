"""A service for tests through its door: one of a test's own, or one that the tests of a module share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from tests.support.datastores import ServerHandle, fresh_database
from tests.support.serving import Datastores
from tests.support.telemetry_serving import TelemetryServing, telemetry_serving


@pytest.fixture
def stores(database_url: str, redis_url: str, tmp_path: Path) -> Datastores:
    """Return where this test's data is."""
    return Datastores(database_url, redis_url, tmp_path)


@pytest.fixture
async def service(stores: Datastores) -> AsyncIterator[TelemetryServing]:
    """Yield a running service."""
    async with telemetry_serving(stores) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared(
    postgres_server: ServerHandle, valkey_server: ServerHandle, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[TelemetryServing]:
    """Yield a running service that all tests of a module share: each of them has events and people of its own."""
    await valkey_server.ensure_running()
    async with Redis.from_url(valkey_server.url) as client:
        await client.flushall()
    async with fresh_database(postgres_server) as url:
        stores = Datastores(url, valkey_server.url, tmp_path_factory.mktemp("home"))
        async with telemetry_serving(stores) as running:
            yield running
