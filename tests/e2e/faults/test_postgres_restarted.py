"""Postgres goes away."""

import pytest

from tests.support.aio_crowd import AioCrowd
from tests.support.datastores import RunningDatastores
from tests.support.faults.postgres_restarted import postgres_restarted_under_load


@pytest.mark.usefixtures("redis_url")
async def test_evaluations_outlive_postgres(datastores: RunningDatastores, database_url: str) -> None:
    """They never fail; changes are refused with reason and delay, and work again; none that was answered is lost."""
    counts = await postgres_restarted_under_load(datastores, database_url, AioCrowd, streams=10, rounds=3)
    assert counts["kills"] == counts["restarts"] == counts["stops"] == 1
