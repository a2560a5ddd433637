"""What the log streams, a response at a time. Pure."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final, Protocol

from google.protobuf.message import DecodeError
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2

from services.metrics.analytics.store.wire.frames import frames_of
from services.metrics.following.recording import id_of
from services.metrics.live.counting import count_events
from services.metrics.live.environment import LiveMetrics
from services.metrics.live.events import Events
from services.runtime.errors import Unavailable

_LARGE_BYTES: Final = 32 * 1024
"""From here on it pays to look at many events at once."""


class Page(Protocol):
    """
    Entries of the log.

    Attributes:
        cursor: behind them.
        at_end: whether nothing more was committed when they were read.
        read_us: when that was, microseconds since 1970; of a page that is at the end.
    """

    cursor: bytes
    at_end: bool
    read_us: int

    def count(self, metrics: LiveMetrics, entries: int | None = None) -> None:
        """Count the entries, or the first ones of them. Raises Unavailable when one cannot be read."""

    def ids(self) -> Sequence[bytes]:
        """Return what each entry is recognised by, as `id_of` does."""


def page_of(response: bytes) -> Page:
    """Return a serialised response of `FollowEvents`. Raises Unavailable when it is none."""
    try:
        return _LargePage(response) if len(response) >= _LARGE_BYTES else _SmallPage(response)
    except DecodeError as error:
        raise _unreadable() from error


class _SmallPage:
    def __init__(self, content: bytes) -> None:
        response = log_pb2.FollowEventsResponse.FromString(content)
        self._entries = response.entries
        self.cursor, self.at_end = response.cursor, response.at_end
        self.read_us = response.read_at.ToMicroseconds()

    def count(self, metrics: LiveMetrics, entries: int | None = None) -> None:
        metrics.apply(self._entries if entries is None else self._entries[:entries])

    def ids(self) -> Sequence[bytes]:
        return [id_of(entry) for entry in self._entries]


class _LargePage:
    def __init__(self, content: bytes) -> None:
        self._frames = frames_of([content])
        self._events = Events(self._frames)
        self.cursor, self.at_end, self.read_us = self._frames.cursor, self._frames.at_end, self._frames.complete_us

    def count(self, metrics: LiveMetrics, entries: int | None = None) -> None:
        ordinals, before = self._frames.ordinals, self._frames.entries if entries is None else entries
        counted = 0
        try:
            for ordinal, entry in self._frames.others:
                if ordinal >= before:
                    break
                until = bisect_left(ordinals, ordinal)
                count_events(metrics, self._events, counted, until)
                metrics.apply_other(entry)
                counted = until
            count_events(metrics, self._events, counted, bisect_left(ordinals, before))
        except DecodeError as error:
            raise _unreadable() from error

    def ids(self) -> Sequence[bytes]:
        ids = self._events.ids()
        for ordinal, entry in self._frames.others:
            ids.insert(ordinal, id_of(entry))
        return ids


def _unreadable() -> Unavailable:
    return Unavailable("the event log sends what cannot be read")
