"""A replica that nobody tells anything."""

import pytest

from tests.load.conftest import Report
from tests.load.raw_crowd import RawCrowd
from tests.support.datastores import RunningDatastores
from tests.support.faults.lagging_replica import resumed_at_a_lagging_replica


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("redis_url")
async def test_a_lagging_replica_catches_up_before_it_answers(
    datastores: RunningDatastores, database_url: str, report: Report
) -> None:
    """All subscribers come over at once with tokens of its future, and none is sent back."""
    report(await resumed_at_a_lagging_replica(datastores, database_url, RawCrowd, streams=1_000, rounds=5))
