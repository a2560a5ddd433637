"""Telemetry replicas and Postgres die in turn, for a few seconds."""

import pytest

from tests.support.datastores import RunningDatastores
from tests.support.faults.telemetry_soak import telemetry_soak


@pytest.mark.usefixtures("redis_url")
async def test_every_acknowledged_event_is_stored_once(datastores: RunningDatastores, database_url: str) -> None:
    """Nothing acknowledged is lost, nothing is counted twice, and whoever follows the log reads each event once."""
    counts = await telemetry_soak(datastores, database_url, clients=5, seconds=15.0, events=30_000, kills=4)
    assert counts["stored"] == counts["stored, each once"] == counts["followed"]
