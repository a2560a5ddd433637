"""More than a key may ask for."""

import pytest

from tests.support.datastores import RunningDatastores
from tests.support.faults.overload import one_key_overloads


@pytest.mark.usefixtures("redis_url")
async def test_one_keys_burst_harms_nobody_else(datastores: RunningDatastores, database_url: str) -> None:
    """It is refused with a delay, the other key does not notice, and memory stays as it is."""
    counts = await one_key_overloads(datastores, database_url, seconds=2.0)
    assert counts["usual calls: alone, beside"] != [0, 0]
