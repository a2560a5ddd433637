"""What attributes bring is remembered only while it is short: a caller cannot fill the memory with long ones."""

from collections.abc import Callable
from typing import Any

import pytest
from mirante.evaluation import instants, networks, versions


@pytest.mark.parametrize(
    ("read", "remembered", "short"),
    [
        (versions.precedence, versions._precedence, "7.7.{}"),
        (instants.instant, instants._parsed, "2026-01-01T00:00:00.{}Z"),
        (networks.address, networks._parsed, "10.77.0.{}"),
    ],
)
def test_long_texts_are_not_remembered(read: Callable[[str], object], remembered: Any, short: str) -> None:
    """Short texts are read once; long ones are no versions, dates or addresses, and leave nothing behind."""
    remembered.cache_clear()
    for number in range(10):
        assert read(short.format(number)) is not None
    assert remembered.cache_info().currsize == 10
    for number in range(10):
        assert read(short.format(number) + "0" * 60_000) is None
    assert remembered.cache_info().currsize == 10
    assert remembered.cache_info().maxsize == 4_096
