"""Relative periods: calendar units of the question's time zone, also where days are longer or shorter."""

from datetime import UTC, datetime
from typing import Any

import pytest
from mirante.api.metrics.v1 import report_scope_pb2 as pb2

from services.metrics.analytics.answering.periods import settle
from services.runtime.errors import InvalidRequest

_HOUR = pb2.CALENDAR_UNIT_HOUR
_DAY = pb2.CALENDAR_UNIT_DAY
_WEEK = pb2.CALENDAR_UNIT_WEEK
_MONTH = pb2.CALENDAR_UNIT_MONTH


def _settled(scope: pb2.ReportScope, now: str) -> tuple[str, str]:
    settle(scope, datetime.fromisoformat(now).astimezone(UTC))
    assert not scope.HasField("last")
    start, end = (each.ToDatetime(UTC) for each in (scope.start, scope.end))
    return f"{start:%Y-%m-%dT%H}", f"{end:%Y-%m-%dT%H}"


@pytest.mark.parametrize(
    ("count", "unit", "without_current", "expected"),
    [
        (2, 0, False, ("2026-03-09T03", "2026-03-11T03")),
        (2, _DAY, True, ("2026-03-08T03", "2026-03-10T03")),
        (3, _HOUR, False, ("2026-03-10T21", "2026-03-11T00")),
        (3, _HOUR, True, ("2026-03-10T20", "2026-03-10T23")),
        (1, _WEEK, False, ("2026-03-09T03", "2026-03-16T03")),
        (2, _MONTH, False, ("2026-02-01T03", "2026-04-01T03")),
        (1, _MONTH, True, ("2026-02-01T03", "2026-03-01T03")),
    ],
)
def test_units_of_the_calendar(count: int, unit: Any, without_current: bool, expected: tuple[str, str]) -> None:
    """Up to the end of the present one, or up to its beginning; 20:30 of a Tuesday in São Paulo."""
    scope = pb2.ReportScope()
    scope.last.count, scope.last.unit, scope.last.without_current = count, unit, without_current
    assert _settled(scope, "2026-03-10T23:30:00+00:00") == expected


def test_days_of_a_change_of_the_clock_are_whole() -> None:
    """In São Paulo 2018-11-04 began at 01:00 and had 23 hours."""
    scope = pb2.ReportScope()
    scope.last.count = 2
    assert _settled(scope, "2018-11-04T15:00:00+00:00") == ("2018-11-03T03", "2018-11-05T02")


def test_a_fixed_period_stays() -> None:
    """Nothing is done to it."""
    scope = pb2.ReportScope(tenant="acme")
    scope.start.FromSeconds(1)
    before = scope.SerializeToString()
    settle(scope, datetime(2026, 3, 10, tzinfo=UTC))
    assert scope.SerializeToString() == before


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("scope.last", lambda scope: scope.start.FromSeconds(1)),
        ("scope.last.count", lambda scope: scope.last.MergeFrom(pb2.RelativePeriod(count=5_000))),
        ("scope.last.unit", lambda scope: scope.last.MergeFrom(pb2.RelativePeriod(unit=99))),  # type: ignore[arg-type]  # wrong on purpose
        ("scope.time_zone", lambda scope: scope.MergeFrom(pb2.ReportScope(time_zone="America/Nowhere"))),
    ],
)
def test_what_cannot_be_names_its_field(field: str, change: object) -> None:
    """Both kinds of period at once, too many units, no such unit, no such zone."""
    scope = pb2.ReportScope()
    scope.last.count = 2
    change(scope)  # type: ignore[operator]  # a lambda
    with pytest.raises(InvalidRequest) as refused:
        settle(scope, datetime(2026, 3, 10, tzinfo=UTC))
    assert [each.field for each in refused.value.violations] == [field]
