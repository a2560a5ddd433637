"""Redis is away."""

import pytest

from tests.support.datastores import RunningDatastores
from tests.support.faults.telemetry_redis_gone import telemetry_without_redis


@pytest.mark.usefixtures("redis_url")
async def test_an_event_reaches_its_readers_without_redis(datastores: RunningDatastores, database_url: str) -> None:
    """Events are taken, and read at the other replica within seconds; also when the replicas begin without it."""
    assert await telemetry_without_redis(datastores, database_url)
