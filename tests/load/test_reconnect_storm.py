"""Everybody at once."""

from functools import partial

import pytest

from tests.load.conftest import Report
from tests.load.raw_crowd import RawCrowd
from tests.support.datastores import RunningDatastores
from tests.support.faults.reconnect_storm import reconnect_storm


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("redis_url")
async def test_five_thousand_streams_at_once(datastores: RunningDatastores, database_url: str, report: Report) -> None:
    """All are served, and again after the replica died; health and evaluations are answered meanwhile."""
    crowd_type = partial(RawCrowd, links_each=50)
    report(await reconnect_storm(datastores, database_url, crowd_type, streams=5_000))
