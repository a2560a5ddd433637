"""A writer of an analytics store is killed before every single step that lasts."""

from pathlib import Path

import pytest

from tests.support.analytics_lives import check_lives


@pytest.mark.timeout(900)
def test_killed_before_every_step_it_goes_on_where_it_was(tmp_path: Path) -> None:
    """Each sync, rename and deletion of a life with all that happens in one is the last thing of one that is killed."""
    assert check_lives(tmp_path, 1) > 80
