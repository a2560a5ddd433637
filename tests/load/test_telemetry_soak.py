"""Telemetry replicas and Postgres die in turn, for minutes."""

import pytest

from tests.load.conftest import Report
from tests.support.datastores import RunningDatastores
from tests.support.faults.telemetry_soak import telemetry_soak


@pytest.mark.timeout(1_800)
@pytest.mark.usefixtures("redis_url")
async def test_a_million_events_are_stored_once_through_forty_kills(
    datastores: RunningDatastores, database_url: str, report: Report
) -> None:
    """Nothing acknowledged is lost, nothing is counted twice, and whoever follows the log reads each event once."""
    report(await telemetry_soak(datastores, database_url, clients=20, seconds=300.0, events=1_000_000, kills=40))
