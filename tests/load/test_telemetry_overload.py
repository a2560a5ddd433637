"""Three times the events that the service takes, for ten minutes."""

import pytest

from tests.load.conftest import Report
from tests.support.datastores import RunningDatastores
from tests.support.faults.telemetry_overload import telemetry_overloaded


@pytest.mark.timeout(1_200)
@pytest.mark.usefixtures("redis_url")
async def test_a_flood_is_refused_and_harms_nobody_else(
    datastores: RunningDatastores, database_url: str, report: Report
) -> None:
    """It is told when to come back, memory stays flat, and another tenant's events go in beside it."""
    report(await telemetry_overloaded(datastores, database_url, seconds=600.0))
