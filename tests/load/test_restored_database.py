"""Backups that are put back."""

import pytest

from tests.load.conftest import Report
from tests.load.raw_crowd import RawCrowd
from tests.support.datastores import RunningDatastores
from tests.support.faults.restored_database import restored_copy, restored_files


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("redis_url")
@pytest.mark.parametrize("restart", [False, True], ids=["replicas running", "replicas restarted"])
@pytest.mark.parametrize("write_first", [False, True], ids=["subscribers first", "changes first"])
async def test_a_copy_takes_the_place_of_the_database(
    datastores: RunningDatastores, database_url: str, report: Report, *, restart: bool, write_first: bool
) -> None:
    """Everybody ends on the new lineage, and nobody goes back in one."""
    counts = await restored_copy(
        datastores, database_url, RawCrowd, streams=500, restart=restart, write_first=write_first
    )
    report(counts)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("restart", [False, True], ids=["replicas running", "replicas restarted"])
async def test_a_copy_of_the_files_is_put_back(report: Report, *, restart: bool) -> None:
    """Only what replicas, or subscribers alone, remember tells that changes are gone."""
    report(await restored_files(RawCrowd, streams=500, restart=restart))
