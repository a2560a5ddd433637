"""`EventLogService`: decodes, asks the log, encodes."""

from collections.abc import Mapping
from typing import Final

from mirante.api.telemetry.v1 import event_log_service_pb2 as pb2
from mirante.api.telemetry.v1 import event_log_service_pb2_grpc as pb2_grpc

from services.runtime.access import current_caller
from services.runtime.calls.bytes_context import BytesContext
from services.runtime.calls.streams import EndingStreams
from services.runtime.errors import InvalidRequest
from services.runtime.texts import check_text
from services.telemetry.events.checks import MOST_NAME_BYTES
from services.telemetry.identity.limits import require_ids
from services.telemetry.log import BEGINNING, LogReader
from services.telemetry.log.actors import ActorIds
from services.telemetry.log.cursor import issue
from services.telemetry.log.cursor import read as read_cursor
from services.telemetry.log.entries import follow_response, portions, tail_response, tailed_event
from services.telemetry.log.following import Following
from services.telemetry.log.postgres_recent import RecentEvents
from services.telemetry.log.signal import LogSignal
from services.telemetry.log.tailing import MOST_EVENTS, TailHub, Wanted

_USUAL_BATCH, _LARGEST_BATCH = 1_000, 5_000
_QUIET_SECONDS: Final = 5.0
"""Whoever follows hears something this often."""
_MOST_NAMES: Final = 100


class EventLogServicer(pb2_grpc.EventLogServiceServicer):
    """
    Reads the committed log.

    Args:
        log: read by every follower for itself.
        signal: wakes followers up.
        tails: for people.
        recent: for people.
        secret: the installation's `hash_secret`.
        poll_seconds: how often followers read for what no signal told of.
    """

    def __init__(
        self,
        log: LogReader,
        signal: LogSignal,
        tails: TailHub,
        recent: RecentEvents,
        *,
        secret: bytes,
        poll_seconds: float,
    ) -> None:
        self._log = log
        self._signal = signal
        self._tails = tails
        self._recent = recent
        self._secret = secret
        self._actors = ActorIds(secret)
        self._poll_seconds = poll_seconds
        self._streams = EndingStreams()
        self._followers: set[tuple[str, Following]] = set()

    async def FollowEvents(self, request: pb2.FollowEventsRequest, context: BytesContext) -> None:  # type: ignore[override]  # writes bytes
        """Stream the log from a cursor on."""
        environment = current_caller.get().environment(request.environment)
        limit = min(request.batch_size or _USUAL_BATCH, _LARGEST_BATCH)
        with self._streams.streaming():
            following = await self._following(environment, request)
            epoch = following.epoch
            follower = (environment, following)
            self._followers.add(follower)
            try:
                async for found in following.slices(limit, _QUIET_SECONDS):
                    cursor = issue(self._secret, environment, epoch, found.position)
                    await context.write(follow_response(found, cursor, self._actors))
            finally:
                self._followers.discard(follower)

    async def TailEvents(self, request: pb2.TailEventsRequest, context: BytesContext) -> None:  # type: ignore[override]  # writes bytes
        """Stream events as they come in, after some of the newest."""
        environment = current_caller.get().environment(request.environment)
        if request.last > MOST_EVENTS:
            raise InvalidRequest.of("last", f"may be {MOST_EVENTS} at most")
        if len(request.names) > _MOST_NAMES:
            raise InvalidRequest.of("names", f"may be {_MOST_NAMES} at most")
        for number, name in enumerate(request.names):
            check_text(f"names[{number}]", name, MOST_NAME_BYTES)
        require_ids(tenant=request.tenant, user_id=request.user_id or None)
        wanted = Wanted(frozenset(request.names), request.tenant, request.user_id)
        with self._streams.streaming():
            async with self._tails.tail(environment, wanted) as tail:
                # So that the caller knows at once that it is connected.
                await context.write(tail_response([], 0))
                if request.last:
                    newest = await self._recent.newest(environment, wanted, tail.begins_after, request.last)
                    for portion in portions([tailed_event(row, self._actors) for row in reversed(newest)]):
                        await context.write(tail_response(portion, 0))
                while True:
                    events, missed = await tail.next()
                    await context.write(tail_response(events, missed))

    async def CountEvents(self, request: pb2.CountEventsRequest, _: object) -> pb2.CountEventsResponse:
        """Count what was stored."""
        environment = current_caller.get().environment(request.environment)
        require_ids(tenant=request.tenant)
        counts = await self._recent.counts(environment, request.tenant)
        return pb2.CountEventsResponse(
            counts=[pb2.EventCount(name=name, day=day.isoformat(), events=events) for name, day, events in counts]
        )

    async def end_streams(self) -> None:
        """End all streams: the service stops. They end well, and their readers resume at another replica."""
        self._streams.end()

    def lags(self) -> Mapping[str, float]:
        """Return how many seconds the slowest follower of each environment is behind."""
        lags: dict[str, float] = {}
        for environment, following in list(self._followers):
            lags[environment] = max(lags.get(environment, 0.0), following.lag_seconds)
        return lags

    async def _following(self, environment: str, request: pb2.FollowEventsRequest) -> Following:
        if request.cursor:
            if request.from_now:
                raise InvalidRequest.of("from_now", "goes without a cursor only")
            epoch, position = read_cursor(self._secret, environment, request.cursor)
        else:
            epoch = await self._log.epoch()
            position = await self._log.end() if request.from_now else BEGINNING
        return Following(
            self._log, self._signal, environment, epoch=epoch, position=position, poll_seconds=self._poll_seconds
        )
