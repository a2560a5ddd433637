"""Postgres goes away, many times."""

import pytest

from tests.load.conftest import Report
from tests.load.raw_crowd import RawCrowd
from tests.support.datastores import RunningDatastores
from tests.support.faults.postgres_restarted import postgres_restarted_under_load


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("redis_url")
async def test_evaluations_outlive_postgres(datastores: RunningDatastores, database_url: str, report: Report) -> None:
    """They never fail; changes are refused with reason and delay, and work again; none that was answered is lost."""
    report(await postgres_restarted_under_load(datastores, database_url, RawCrowd, streams=500, rounds=12))
