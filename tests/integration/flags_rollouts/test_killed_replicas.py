"""Processes of the flag service that die while a plan runs."""

import pytest

from tests.support.datastores import RunningDatastores
from tests.support.faults.rollout_killed import rollout_through_kills


@pytest.mark.timeout(300)
async def test_a_plan_outlives_every_replica(datastores: RunningDatastores, database_url: str) -> None:
    """Killed in turn, with a clock that jumps by days: no stage is skipped, none is begun twice."""
    await rollout_through_kills(
        database_url, datastores.valkey.url, replicas=2, stages=4, soak_seconds=0.5, pause_seconds=0.7
    )
