"""A release that is rolled out."""

import os

import pytest

from tests.load.conftest import Report
from tests.load.raw_crowd import RawCrowd
from tests.support.datastores import RunningDatastores
from tests.support.faults.upgraded import upgraded


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("redis_url")
async def test_nobody_notices_an_upgrade(datastores: RunningDatastores, database_url: str, report: Report) -> None:
    """No evaluation fails, no event is lost, and every client stays current; MIRANTE_PREVIOUS names the old version."""
    previous = os.environ.get("MIRANTE_PREVIOUS")
    report(await upgraded(datastores, database_url, RawCrowd, streams=500, events_per_second=300, previous=previous))
