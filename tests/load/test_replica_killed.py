"""`kill -9` in a loop."""

import pytest

from tests.load.conftest import Report
from tests.load.raw_crowd import RawCrowd
from tests.support.datastores import RunningDatastores
from tests.support.faults.replica_killed import replica_killed_in_a_loop


@pytest.mark.timeout(300)
async def test_a_thousand_streams_outlive_a_replica_that_dies_for_a_minute(
    datastores: RunningDatastores, database_url: str, redis_url: str, report: Report
) -> None:
    """Nobody ends stale, nobody sees revisions go back, nothing acknowledged is lost; Redis is troubled meanwhile."""
    assert redis_url == datastores.valkey.url
    report(await replica_killed_in_a_loop(datastores, database_url, RawCrowd, streams=1_000, seconds=60.0))
