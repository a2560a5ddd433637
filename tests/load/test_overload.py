"""More than a key may ask for."""

import pytest

from tests.load.conftest import Report
from tests.support.datastores import RunningDatastores
from tests.support.faults.overload import one_key_overloads


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("redis_url")
async def test_one_keys_burst_harms_nobody_else(
    datastores: RunningDatastores, database_url: str, report: Report
) -> None:
    """It is refused with a delay, the other key does not notice, and memory stays as it is."""
    report(await one_key_overloads(datastores, database_url, seconds=20.0))
