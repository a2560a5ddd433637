"""A deployment, many times."""

import pytest

from tests.load.conftest import Report
from tests.load.raw_crowd import RawCrowd
from tests.support.datastores import RunningDatastores
from tests.support.faults.rolling_restart import replicas_replaced


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("redis_url")
async def test_nobody_notices_a_deployment(datastores: RunningDatastores, database_url: str, report: Report) -> None:
    """No call fails; every stream is told goodbye, and when to come back."""
    report(await replicas_replaced(datastores, database_url, RawCrowd, streams=1_000, rounds=10))
