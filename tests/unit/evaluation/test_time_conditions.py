"""BEFORE and AFTER: fixed dates and offsets from now."""

import datetime

import pytest
from mirante.evaluation.model import AttributeValue, Operator

from tests.unit.evaluation.definitions import NOW, condition, matches

DAY = 86_400
NEW_YEAR_TEXT = "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "expected"),
    [
        (Operator.BEFORE, NEW_YEAR_TEXT, "2025-12-31T23:59:59.999999Z", True),
        (Operator.BEFORE, NEW_YEAR_TEXT, NEW_YEAR_TEXT, False),
        (Operator.BEFORE, NEW_YEAR_TEXT, "2025-12-31T21:00:00-03:00", False),
        (Operator.BEFORE, NEW_YEAR_TEXT, 1_767_225_599_999, True),
        (Operator.BEFORE, NEW_YEAR_TEXT, 1_767_225_600_000, False),
        (Operator.BEFORE, "2026-01-01", datetime.datetime(2025, 12, 31, 20, 59), True),
        (Operator.AFTER, NEW_YEAR_TEXT, "2026-01-01T00:00:00.000001Z", True),
        (Operator.AFTER, NEW_YEAR_TEXT, NEW_YEAR_TEXT, False),
        (Operator.AFTER, NEW_YEAR_TEXT, 1_767_225_600_001, True),
        (Operator.AFTER, "2025-12-31T21:00:00-03:00", "2026-01-01T00:00:01Z", True),
    ],
    ids=str,
)
def test_fixed_dates(operator: Operator, wanted: str, value: AttributeValue, expected: bool) -> None:
    """Neither side includes the instant itself; negation turns the answer around."""
    plain, negated = condition("a", operator, wanted), condition("a", operator, wanted, negate=True)
    assert (matches(plain, {"a": value}), matches(negated, {"a": value})) == (expected, not expected)


@pytest.mark.parametrize(
    ("operator", "offset", "seconds_from_now", "expected"),
    [
        (Operator.AFTER, "-7d", -7 * DAY + 1, True),
        (Operator.AFTER, "-7d", -7 * DAY, False),
        (Operator.AFTER, "-7d", -7 * DAY - 1, False),
        (Operator.BEFORE, "-7d", -7 * DAY - 1, True),
        (Operator.BEFORE, "-7d", -7 * DAY, False),
        (Operator.BEFORE, "+12h", 43_199, True),
        (Operator.BEFORE, "+12h", 43_200, False),
        (Operator.AFTER, "+0s", 1, True),
        (Operator.AFTER, "+0s", 0, False),
    ],
)
def test_offsets_move_with_now(operator: Operator, offset: str, seconds_from_now: int, expected: bool) -> None:
    """The same condition, asked at another time, has moved with it."""
    tested = condition("a", operator, offset)
    for now in (NOW, NOW + 12_345_678.0):
        milliseconds = int((now + seconds_from_now) * 1000)
        assert matches(tested, {"a": milliseconds}, now=now) is expected


@pytest.mark.parametrize(
    "value", [None, True, "ontem", "", [], {}, float("nan"), 10**400, "1" * 70], ids=lambda v: str(v)[:9]
)
@pytest.mark.parametrize("negate", [False, True])
def test_what_is_no_instant_matches_nothing(value: AttributeValue, negate: bool) -> None:
    """What means no point in time is neither before nor after, negated or not."""
    for operator in (Operator.BEFORE, Operator.AFTER):
        assert matches(condition("a", operator, "2026-01-01", negate=negate), {"a": value}) is False
