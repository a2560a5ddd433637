"""What requests about alerts must be. Pure."""

import datetime
from collections.abc import Sequence, Sized
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.metrics.v1 import alert_pb2
from mirante.api.metrics.v1 import alert_service_pb2 as pb2

from services.metrics.alerts.rule_checks import MOST_TENANTS, is_rule_key, tenant_problem
from services.metrics.alerts.scope_replay import Stretch
from services.metrics.definitions import Metrics
from services.runtime.errors import InvalidRequest
from services.runtime.texts import require_text

LONGEST_SILENCE: Final = datetime.timedelta(days=366)
LONGEST_REPLAY: Final = datetime.timedelta(days=400)

_LONGEST_REASON: Final = 1_000
_LAST_SECOND: Final = 253_402_300_799


def time_of(field: str, timestamp: Timestamp) -> datetime.datetime:
    """Return a time; raise `InvalidRequest` when it is absurd."""
    if not 0 <= timestamp.seconds <= _LAST_SECOND or not 0 <= timestamp.nanos < 10**9:
        raise InvalidRequest.of(field, "must be a time between 1970 and 9999")
    return timestamp.ToDatetime(datetime.UTC)


def optional_time(request: Any, field: str) -> datetime.datetime | None:
    """Return a time of a request, None when there is none; raise `InvalidRequest` when it is absurd."""
    return time_of(field, getattr(request, field)) if request.HasField(field) else None


def check_many(field: str, values: Sized) -> None:
    """Raise `InvalidRequest` when a list is too long."""
    if len(values) > MOST_TENANTS:
        raise InvalidRequest.of(field, f"may be {MOST_TENANTS} at most")


def check_tenants(field: str, tenants: Sequence[str]) -> None:
    """Raise `InvalidRequest` when these are no tenants, or too many."""
    check_many(field, tenants)
    for at, tenant in enumerate(tenants):
        problem = tenant_problem(tenant)
        if problem:
            raise InvalidRequest.of(f"{field}[{at}]", problem)


def silence_of(request: pb2.CreateSilenceRequest, metrics: Metrics, now: datetime.datetime) -> alert_pb2.Silence:
    """
    Return the silence that is asked for, without its id.

    Raises:
        InvalidRequest: nothing is named, or something wrong, or the times are.
    """
    if not (request.tenant or request.metric or request.rule_key):
        raise InvalidRequest.of("tenant", "is required, or a metric or a rule: what is to be silent")
    if request.tenant and tenant_problem(request.tenant):
        raise InvalidRequest.of("tenant", tenant_problem(request.tenant))
    if request.metric and request.metric not in metrics:
        raise InvalidRequest.of("metric", f"there is no such metric; there are {', '.join(metrics)}")
    if request.rule_key and not is_rule_key(request.rule_key):
        raise InvalidRequest.of("rule_key", "is not the key of a rule")
    require_text("reason", request.reason, _LONGEST_REASON)
    start = optional_time(request, "start_time") or now
    end = optional_time(request, "end_time")
    if end is None:
        raise InvalidRequest.of("end_time", "is required")
    if end <= max(start, now):
        raise InvalidRequest.of("end_time", "must be later than start_time and than now")
    if end - start > LONGEST_SILENCE:
        raise InvalidRequest.of("end_time", f"may be {LONGEST_SILENCE.days} days after start_time at most")
    silence = alert_pb2.Silence(
        tenant=request.tenant, metric=request.metric, rule_key=request.rule_key, reason=request.reason
    )
    silence.start_time.FromDatetime(start)
    silence.end_time.FromDatetime(end)
    return silence


def replayed_stretch(request: pb2.ReplayAlertsRequest, now: datetime.datetime) -> Stretch:
    """Return the whole hours that are to be replayed; raise `InvalidRequest` for times that cannot be."""
    start = optional_time(request, "start_time")
    if start is None:
        raise InvalidRequest.of("start_time", "is required")
    first = _cut(start)
    end = _cut(min(optional_time(request, "end_time") or now, now))
    if first >= end:
        raise InvalidRequest.of("end_time", "must be a whole hour later than start_time")
    if end - first > LONGEST_REPLAY:
        raise InvalidRequest.of("end_time", f"may be {LONGEST_REPLAY.days} days after start_time at most")
    if first.timestamp() < LONGEST_REPLAY.total_seconds():
        raise InvalidRequest.of("start_time", "is too long ago")
    return Stretch(first, end)


def _cut(at: datetime.datetime) -> datetime.datetime:
    return at.replace(minute=0, second=0, microsecond=0)
