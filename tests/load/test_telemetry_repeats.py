"""The same events again and again."""

import pytest

from tests.load.conftest import Report
from tests.support.datastores import RunningDatastores
from tests.support.faults.telemetry_repeats import telemetry_repeats


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("redis_url")
async def test_an_event_counts_once_however_often_it_is_sent(
    datastores: RunningDatastores, database_url: str, report: Report
) -> None:
    """At once to two replicas, after both were killed, across midnight, and with a clock that is corrected."""
    report(await telemetry_repeats(datastores, database_url, rounds=10))
