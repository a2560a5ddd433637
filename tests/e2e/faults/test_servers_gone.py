"""No server at all."""

import pytest

from tests.support.datastores import RunningDatastores
from tests.support.faults.servers_gone import servers_gone


@pytest.mark.usefixtures("redis_url")
async def test_processes_answer_without_servers(datastores: RunningDatastores, database_url: str) -> None:
    """Also one that starts meanwhile; both are current again without a restart."""
    counts = await servers_gone(datastores, database_url, processes=1, rounds=1)
    assert counts["processes"] == 2
