"""Everybody at once."""

import pytest

from tests.support.aio_crowd import AioCrowd
from tests.support.datastores import RunningDatastores
from tests.support.faults.reconnect_storm import reconnect_storm


@pytest.mark.usefixtures("redis_url")
async def test_many_streams_at_once(datastores: RunningDatastores, database_url: str) -> None:
    """All are served, and again after the replica died; health and evaluations are answered meanwhile."""
    counts = await reconnect_storm(datastores, database_url, AioCrowd, streams=100)
    assert counts["delivery"] == "100 of 100 at 1 replicas"
