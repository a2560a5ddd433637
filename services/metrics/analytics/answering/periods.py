"""Relative periods, as they are now. Pure."""

import datetime
from typing import Final

from mirante.api.metrics.v1 import report_scope_pb2 as pb2

from services.metrics.analytics.answering.wire.choosing import unit_of
from services.metrics.analytics.answering.wire.scopes import USUAL_ZONE
from services.metrics.analytics.reports.asking import Unit
from services.metrics.analytics.reports.checking import is_zone
from services.metrics.analytics.reports.local_time import HOUR, Clock, instant, moment_of, next_bucket
from services.runtime.errors import InvalidRequest

_MOST: Final = {Unit.HOUR: 1_000, Unit.DAY: 1_096, Unit.WEEK: 156, Unit.MONTH: 36}


def settle(scope: pb2.ReportScope, now: datetime.datetime) -> None:
    """
    Replace the relative period of a scope by its start and end.

    The end is that of the present unit, so that the same question is the same one all day.

    Raises:
        InvalidRequest: it cannot be, or the scope has a start and an end as well.
    """
    if not scope.HasField("last"):
        return
    if scope.HasField("start") or scope.HasField("end"):
        raise InvalidRequest.of("scope.last", "cannot be combined with scope.start and scope.end")
    unit = unit_of(scope.last.unit, Unit.DAY, "scope.last.unit")
    if not 1 <= scope.last.count <= _MOST[unit]:
        raise InvalidRequest.of("scope.last.count", f"must be 1 to {_MOST[unit]} of this unit")
    zone = scope.time_zone or USUAL_ZONE
    if not is_zone(zone):
        raise InvalidRequest.of("scope.time_zone", "is no time zone of the IANA database, such as America/Sao_Paulo")
    start, end = _bounds(zone, unit, scope.last.count, instant(now), without_current=scope.last.without_current)
    scope.ClearField("last")
    scope.start.FromDatetime(moment_of(start))
    scope.end.FromDatetime(moment_of(end))


def _bounds(zone: str, unit: Unit, count: int, now: int, *, without_current: bool) -> tuple[int, int]:
    # Wide enough for the longest units that there are.
    clock = Clock(zone, now - (count + 2) * 32 * 24 * HOUR, now + 32 * 24 * HOUR)
    present = clock.bucket_of(now, unit)
    if unit is Unit.HOUR:
        end = present if without_current else present + HOUR
        return end - count * HOUR, end
    last = present if without_current else next_bucket(present, unit)
    first = last
    for _ in range(count):
        first = clock.bucket_of(clock.begin(first) - 1, unit)
    return clock.begin(first), clock.begin(last)
