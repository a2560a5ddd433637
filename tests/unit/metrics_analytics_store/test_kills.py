"""Whoever writes a store may be killed at any moment: what is in it is what the log says, each event once."""

from pathlib import Path

from tests.support.analytics_lives import check_lives

_STRIDE = 9
"""`tests/load` goes through all steps; these are of every kind."""


def test_killed_before_some_steps_it_goes_on_where_it_was(tmp_path: Path) -> None:
    """The last thing of a writer is a sync, a rename or a deletion, while it takes in, merges, settles or erases."""
    assert check_lives(tmp_path, _STRIDE) > 8
