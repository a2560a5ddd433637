"""A writing of many rows goes out in parts, of which the last one brings the cursor."""

import datetime

import pytest

from services.metrics.following.recording import ROWS_AT_ONCE, in_parts
from services.metrics.live.numbers import Number
from services.metrics.rollups import HourKey, HourRow, Writing

AT = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
BEFORE = Writing(b"old", (b"a",), AT)
ROW = HourRow(Number(None), ())


def _writing(count: int, erased: frozenset[str] = frozenset()) -> Writing:
    rows = {HourKey("acme", "vendas_hora", "", hour): ROW for hour in range(count)}
    return Writing(b"new", (b"b",), AT + datetime.timedelta(seconds=10), rows, erased, replay=True)


@pytest.mark.parametrize("count", [0, 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, 3 * ROWS_AT_ONCE])
def test_every_row_is_in_one_part_and_the_cursor_in_the_last(count: int) -> None:
    """What was written last stands in the others; hours that are added to go with the cursor."""
    writing = _writing(count)
    revised = list(writing.rows)[:3]
    *first, last = in_parts(writing, BEFORE, revised)
    assert [key for part in (*first, last) for key in part.rows if key not in revised] == list(writing.rows)[3:]
    assert set(revised) <= set(last.rows)
    assert (last.cursor, last.last_entries, last.at, last.replay) == (b"new", (b"b",), writing.at, True)
    for part in first:
        assert (part.cursor, part.last_entries, part.at, part.replay, part.erased) == (b"old", (b"a",), AT, False, ())
    assert max(len(part.rows) for part in (*first, last)) <= ROWS_AT_ONCE + len(revised)


def test_what_is_removed_first_is_written_at_once() -> None:
    """So is the first writing of a stretch."""
    erased = _writing(3 * ROWS_AT_ONCE, frozenset({"acme"}))
    assert list(in_parts(erased, BEFORE, ())) == [erased]
    assert list(in_parts(erased, None, ())) == [erased]
