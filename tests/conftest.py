"""Fixtures that every kind of test may use."""

from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import settings
from redis.asyncio import Redis

# Scenarios assert themselves; before anything imports one of them.
pytest.register_assert_rewrite("tests.support.faults")

from tests.support.datastores import (  # noqa: E402 - see above
    RunningDatastores,
    ServerHandle,
    fresh_database,
    run_datastores,
)
from tests.support.valkey_cluster import ValkeyCluster, running_cluster  # noqa: E402 - see above

# Machines are noisy: how long an example takes says nothing.
settings.register_profile("mirante", deadline=None)
settings.load_profile("mirante")


@pytest.fixture(scope="session")
def datastores() -> Iterator[RunningDatastores]:
    """Postgres and Valkey, started once for all tests that ask."""
    with run_datastores() as running:
        yield running


@pytest.fixture(scope="session")
def postgres_server(datastores: RunningDatastores) -> ServerHandle:
    """Return the Postgres that all tests share, to stop, restart or kill."""
    return datastores.postgres


@pytest.fixture(scope="session")
def valkey_server(datastores: RunningDatastores) -> ServerHandle:
    """Return the Valkey that all tests share, to stop, restart or kill."""
    return datastores.valkey


@pytest.fixture
async def database_url(postgres_server: ServerHandle) -> AsyncIterator[str]:
    """Yield the URL of an empty database that only this test has."""
    async with fresh_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def valkey_cluster() -> Iterator[ValkeyCluster]:
    """Three nodes, started once for all tests that ask."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture
async def cluster_url(valkey_cluster: ValkeyCluster) -> str:
    """Return the URL of the cluster, emptied."""
    await valkey_cluster.heal()
    await valkey_cluster.flush()
    return valkey_cluster.url


@pytest.fixture
async def redis_url(valkey_server: ServerHandle) -> str:
    """Return the URL of the Valkey, emptied."""
    await valkey_server.ensure_running()
    async with Redis.from_url(valkey_server.url) as client:
        await client.flushall()
        await client.function_flush()
    return valkey_server.url
