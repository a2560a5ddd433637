"""A gateway beside a flag service, shared by the tests of a module or one of a test's own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from tests.support.datastores import ServerHandle, fresh_database
from tests.support.gateway_serving import GatewayServing, gateway_serving
from tests.support.serving import Datastores, Serving, serving


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def flags(
    postgres_server: ServerHandle, valkey_server: ServerHandle, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Serving]:
    """Yield a flag service that the tests of a module share: each of them has flags of its own."""
    await valkey_server.ensure_running()
    async with Redis.from_url(valkey_server.url) as client:
        await client.flushall()
    async with fresh_database(postgres_server) as url:
        stores = Datastores(url, valkey_server.url, tmp_path_factory.mktemp("home"))
        async with serving(stores) as running:
            yield running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def gateway(flags: Serving, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[GatewayServing]:
    """Yield a gateway that the tests of a module share."""
    async with gateway_serving(flags, tmp_path_factory.mktemp("gateway")) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return the home folder of a gateway of a test's own."""
    return tmp_path / "gateway"
