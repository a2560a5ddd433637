"""A lost database."""

import pytest

from tests.load.conftest import Report
from tests.load.raw_crowd import RawCrowd
from tests.support.datastores import RunningDatastores
from tests.support.faults.backup_restored import backup_restored


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("redis_url")
async def test_a_backup_takes_the_place_of_a_lost_database(datastores: RunningDatastores, report: Report) -> None:
    """All of it is back, clients are current in a new lineage by themselves, and nobody is back who was erased."""
    report(await backup_restored(datastores.valkey, RawCrowd, streams=500, events_per_second=300))
