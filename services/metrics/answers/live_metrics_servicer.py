"""`LiveMetricsService`: decodes, asks, encodes."""

import datetime
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import grpc.aio
from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.metrics.v1 import live_metrics_service_pb2 as pb2
from mirante.api.metrics.v1 import live_metrics_service_pb2_grpc as pb2_grpc

from services.metrics.answers.frames import text_of
from services.metrics.answers.hub import Hub
from services.metrics.answers.series import Points, SeriesQueries, Stretch
from services.metrics.answers.watcher import Watcher
from services.metrics.definitions import Metric, Metrics
from services.metrics.live import DAY, HOUR
from services.runtime.access import Role, current_caller
from services.runtime.background import first_of
from services.runtime.calls.bytes_context import BytesContext
from services.runtime.calls.streams import EndingStreams
from services.runtime.calls.unary_call import malformed_request
from services.runtime.errors import InvalidRequest, NotFound

MOST_TENANTS: Final = 1_000
MOST_ON_A_STREAM: Final = 50_000
_MOST_TENANT_BYTES: Final = 100
_LONGEST: Final = {pb2.RESOLUTION_MINUTE: 7 * DAY, pb2.RESOLUTION_HOUR: 400 * DAY}
_STEPS: Final = {pb2.RESOLUTION_MINUTE: 1, pb2.RESOLUTION_HOUR: HOUR}
_LAST_SECOND: Final = 253_402_300_799
_CURRENCY: Final = re.compile(r"(?:[A-Z]{3})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answering:
    """What answers about one environment."""

    hub: Hub
    series: SeriesQueries


class LiveMetricsServicer(pb2_grpc.LiveMetricsServiceServicer):
    """
    Tells what happens in tenants.

    Args:
        metrics: the definitions.
        answering: returns what answers about an environment; None for one that is not followed.
        clock: seconds since 1970.
    """

    def __init__(
        self, metrics: Metrics, answering: Callable[[str], Answering | None], clock: Callable[[], float]
    ) -> None:
        self._metrics = metrics
        self._answering = answering
        self._clock = clock
        self._streams = EndingStreams()

    async def GetLiveMetrics(self, request: pb2.GetLiveMetricsRequest, _: object) -> pb2.GetLiveMetricsResponse:
        """Return the present frame of a tenant."""
        answering = self._environment(request.environment)
        _require_tenant("tenant", request.tenant)
        frame = answering.hub.frame(request.tenant, with_series=request.with_series)
        return pb2.GetLiveMetricsResponse(frame=frame)

    async def WatchLiveMetrics(self, request: pb2.WatchLiveMetricsRequest, context: BytesContext) -> None:  # type: ignore[override]  # writes bytes
        """Stream frames."""
        hub = self._environment(request.environment).hub
        if current_caller.get().role is Role.SERVER and len(request.tenants) != 1:
            raise InvalidRequest.of("tenants", "must be exactly one for a key of the role server")
        for field, length in (("tenants", len(request.tenants)), ("received", len(request.received))):
            if length > MOST_TENANTS:
                raise InvalidRequest.of(field, f"may be {MOST_TENANTS} at most")
        for at, tenant in enumerate(request.tenants):
            _require_tenant(f"tenants[{at}]", tenant)
        with self._streams.streaming():
            watcher = hub.watch(request.tenants, request.received)
            try:
                while True:
                    frames = await hub.next(watcher, with_series=request.with_series)
                    await context.write(pb2.WatchLiveMetricsResponse(frames=frames).SerializeToString())
            finally:
                hub.leave(watcher)

    async def WatchTenants(self, _requests: object, context: BytesContext) -> None:  # type: ignore[override]  # reads and writes bytes
        """Stream frames of tenants that come and go."""
        with self._streams.streaming():
            request = await _read(context)
            if request is None:
                return
            hub = self._environment(request.environment).hub
            watcher = hub.watch_some()
            try:
                await first_of(_change(hub, watcher, request, context), _write(hub, watcher, context))
            finally:
                hub.leave(watcher)

    async def QuerySeries(self, request: pb2.QuerySeriesRequest, _: object) -> pb2.QuerySeriesResponse:
        """Return how a metric has gone."""
        answering = self._environment(request.environment)
        _require_tenant("tenant", request.tenant)
        metric = self._metrics.get(request.metric)
        if metric is None:
            raise InvalidRequest.of("metric", f"there is no such metric; there are {', '.join(self._metrics)}")
        if not _CURRENCY.fullmatch(request.currency):
            raise InvalidRequest.of("currency", "must be three letters, such as BRL")
        if request.currency and not metric.currency:
            raise InvalidRequest.of("currency", "has no meaning for a metric that is not money")
        now = self._clock()
        stretch = _stretch(request, now)
        query = answering.series.minutes if request.resolution == pb2.RESOLUTION_MINUTE else answering.series.hours
        points = await query(request.tenant, metric, stretch)
        if request.currency:
            points = {request.currency: points.get(request.currency, [])}
        response = pb2.QuerySeriesResponse(
            series=_series(metric, points, _STEPS[request.resolution], int(now) // 60),
        )
        response.as_of.FromDatetime(datetime.datetime.fromtimestamp(now, datetime.UTC))
        return response

    async def end_streams(self) -> None:
        """End all streams: the service stops. They end well, and their readers resume at another replica."""
        self._streams.end()

    def _environment(self, named: str) -> Answering:
        environment = current_caller.get().environment(named)
        answering = self._answering(environment)
        if answering is None:
            raise NotFound(
                "there is no such environment, or the key of the metrics service does not hold it",
                reason=reasons.ERROR_REASON_ENVIRONMENT_NOT_FOUND,
                metadata={"environment": environment},
            )
        return answering


async def _read(context: BytesContext) -> pb2.WatchTenantsRequest | None:
    """Return what the reader says next; None when it has ended its side."""
    message = await context.read()
    if message is grpc.aio.EOF:
        return None
    try:
        return pb2.WatchTenantsRequest.FromString(message)
    except DecodeError:
        raise malformed_request() from None


async def _change(hub: Hub, watcher: Watcher, request: pb2.WatchTenantsRequest | None, context: BytesContext) -> None:
    """Watch what the reader wants, until it ends its side."""
    while request is not None:
        _check_change(watcher, request)
        hub.remove(watcher, request.removed)
        hub.add(watcher, request.added)
        request = await _read(context)


async def _write(hub: Hub, watcher: Watcher, context: BytesContext) -> None:
    while True:
        frames = await hub.next(watcher, with_series=True)
        await context.write(pb2.WatchTenantsResponse(frames=frames).SerializeToString())


def _check_change(watcher: Watcher, request: pb2.WatchTenantsRequest) -> None:
    for field, length in (("removed", len(request.removed)), ("added", len(request.added))):
        if length > MOST_TENANTS:
            raise InvalidRequest.of(field, f"may be {MOST_TENANTS} at most")
    for at, position in enumerate(request.added):
        _require_tenant(f"added[{at}].tenant", position.tenant)
    if len(watcher.tenants or ()) + len(request.added) > MOST_ON_A_STREAM:
        raise InvalidRequest.of("added", f"a stream may watch {MOST_ON_A_STREAM} tenants at most")


def _require_tenant(field: str, tenant: str) -> None:
    if not tenant:
        raise InvalidRequest.of(field, "is required")
    if len(tenant.encode()) > _MOST_TENANT_BYTES or "\x00" in tenant:
        raise InvalidRequest.of(field, f"has {_MOST_TENANT_BYTES} bytes at most, none of them NUL")


def _stretch(request: pb2.QuerySeriesRequest, now: float) -> Stretch:
    longest = _LONGEST.get(request.resolution)
    if longest is None:
        raise InvalidRequest.of("resolution", "must be RESOLUTION_MINUTE or RESOLUTION_HOUR")
    if not request.HasField("start_time"):
        raise InvalidRequest.of("start_time", "is required")
    first = _seconds("start_time", request.start_time) // 60
    end = -(-(_seconds("end_time", request.end_time) if request.HasField("end_time") else int(now) + 1) // 60)
    if first >= end:
        raise InvalidRequest.of("end_time", "must be later than start_time")
    if end - first > longest:
        raise InvalidRequest.of("end_time", f"may be {longest // DAY} days after start_time at most")
    return Stretch(first // _STEPS[request.resolution] * _STEPS[request.resolution], end)


def _seconds(field: str, timestamp: Timestamp) -> int:
    if not 0 <= timestamp.seconds <= _LAST_SECOND:
        raise InvalidRequest.of(field, "must be a time between 1970 and 9999")
    return timestamp.seconds


def _series(metric: Metric, points: Points, step: int, now_minute: int) -> Iterator[pb2.Series]:
    for currency in sorted(points) or ([] if metric.currency else [""]):
        series = pb2.Series(currency=currency)
        for minute, number in points.get(currency, ()):
            text = text_of(number)
            if text:
                point = series.points.add(value=text, incomplete=minute + step > now_minute)
                point.start_time.seconds = minute * 60
        yield series
