"""What answers a report, and whether that may be remembered."""

from pathlib import Path
from typing import Any

import pytest

from services.metrics.analytics.answering import engines
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.reading import AnalyticsStore, Watermark


class Seen:
    """A snapshot that says how far it is."""

    def __init__(self, position: int, complete_us: int, *, at_end: bool) -> None:
        self.watermark = Watermark(position, complete_us, at_end)


@pytest.mark.parametrize(
    ("seen", "is_as_new"),
    [
        (Seen(9, 100, at_end=True), True),
        (Seen(12, 101, at_end=True), False),
        # What came after the last end, such as an erasure, is in the store and may not be in ClickHouse.
        (Seen(12, 100, at_end=False), False),
    ],
)
def test_clickhouse_is_as_new_as_the_store_only_if_that_is_certain(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, seen: Any, *, is_as_new: bool
) -> None:
    """Otherwise its answer would be remembered as what the store says, with whom that has forgotten meanwhile."""
    monkeypatch.setattr(engines, "events_of", lambda *_, **__: (None, Watermark(9, 100, at_end=True)))
    monkeypatch.setattr(engines, "run_on_clickhouse", lambda *_: "answer")
    server: Any = object()
    found = engines.Engines(AnalyticsStore(tmp_path), Limits(), server, 1)
    question: Any = object()
    _, found_new = found.answer(question, "production", seen)
    assert found_new is is_as_new
