"""A deployment."""

import pytest

from tests.support.aio_crowd import AioCrowd
from tests.support.datastores import RunningDatastores
from tests.support.faults.rolling_restart import replicas_replaced


@pytest.mark.usefixtures("redis_url")
async def test_nobody_notices_a_deployment(datastores: RunningDatastores, database_url: str) -> None:
    """No call fails; every stream is told goodbye, and when to come back."""
    counts = await replicas_replaced(datastores, database_url, AioCrowd, streams=20, rounds=2)
    assert counts["replaced"] == 2
