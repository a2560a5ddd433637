"""A replica that nobody tells anything."""

import pytest

from tests.support.aio_crowd import AioCrowd
from tests.support.datastores import RunningDatastores
from tests.support.faults.lagging_replica import resumed_at_a_lagging_replica


@pytest.mark.usefixtures("redis_url")
async def test_a_lagging_replica_catches_up_before_it_answers(datastores: RunningDatastores, database_url: str) -> None:
    """Subscribers come over with tokens of its future, and none is sent back."""
    counts = await resumed_at_a_lagging_replica(datastores, database_url, AioCrowd, streams=20, rounds=1)
    assert counts["rounds"] == 1
