"""Backups that are put back."""

import pytest

from tests.support.aio_crowd import AioCrowd
from tests.support.datastores import RunningDatastores
from tests.support.faults.restored_database import restored_copy, restored_files


@pytest.mark.usefixtures("redis_url")
async def test_a_copy_takes_the_place_of_the_database(datastores: RunningDatastores, database_url: str) -> None:
    """Everybody ends on the new lineage, and nobody goes back in one."""
    counts = await restored_copy(datastores, database_url, AioCrowd, streams=20, restart=False, write_first=False)
    assert counts["streams"] == 20


async def test_a_copy_of_the_files_is_put_back() -> None:
    """Only subscribers remember what is gone, and the replicas learn it from them."""
    counts = await restored_files(AioCrowd, streams=20, restart=True)
    assert counts["streams"] == 20
