"""The live numbers while what counts and shows them is killed."""

import pytest

from tests.support.datastores import RunningDatastores
from tests.support.faults.live_totals import live_totals


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("redis_url")
async def test_live_numbers_are_those_of_the_database(datastores: RunningDatastores, database_url: str) -> None:
    """After metrics and the gateway were killed and Redis was emptied; late, repeated and cancelled events included."""
    counts = await live_totals(datastores, database_url, seconds=4, kills=2)
    assert counts["kills"] == 2
