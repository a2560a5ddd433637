"""No server at all."""

import pytest

from tests.load.conftest import Report
from tests.support.datastores import RunningDatastores
from tests.support.faults.servers_gone import servers_gone


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("redis_url")
async def test_processes_answer_without_servers(
    datastores: RunningDatastores, database_url: str, report: Report
) -> None:
    """Also those that start meanwhile; all are current again without a restart."""
    report(await servers_gone(datastores, database_url, processes=3, rounds=4))
