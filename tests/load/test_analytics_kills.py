"""Whoever writes an analytics store is killed: before every single step that lasts, and as a whole process."""

from pathlib import Path

import pytest

from tests.load.conftest import Report
from tests.support.analytics_lives import check_lives
from tests.support.faults.store_totals import store_totals


@pytest.mark.timeout(900)
def test_killed_before_every_step_it_goes_on_where_it_was(tmp_path: Path) -> None:
    """Each sync, rename and deletion of a life with all that happens in one is the last thing of one that is killed."""
    assert check_lives(tmp_path, 1) > 80


@pytest.mark.timeout(900)
async def test_the_store_holds_what_the_log_does(database_url: str, redis_url: str, report: Report) -> None:
    """The metrics process is killed while events come in and while the store is made anew: each event is in it once."""
    counts = await store_totals(database_url, redis_url, kills=30)
    assert counts["kills amidst a rebuild"]
    report(counts)
