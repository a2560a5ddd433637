"""The analytics store while the process that writes it is killed."""

import pytest

from tests.support.faults.store_totals import store_totals


@pytest.mark.timeout(300)
async def test_the_store_holds_what_the_log_does(database_url: str, redis_url: str) -> None:
    """Killed while events come in and while the store is made anew: each event is in it once."""
    counts = await store_totals(database_url, redis_url, kills=2)
    assert counts["kills"] == 2
