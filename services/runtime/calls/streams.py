"""The open streams of each key: bounded, and closed from outside when the key is revoked or the service stops."""

import asyncio
import contextvars
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.runtime.errors import Overloaded, ServiceError, Unavailable


class OpenStream:
    """
    One open stream, held by the task that serves it for the time of a `with` block.

    Streams stay open for days and there are thousands: this has slots, and is no generator.
    """

    __slots__ = ("_key_id", "_method", "_streams", "_task", "closing", "error")

    def __init__(self, streams: "OpenStreams", key_id: str, method: str) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - handlers run in tasks
        self._streams = streams
        self._key_id = key_id
        self._method = method
        self._task = task
        self.closing = False
        self.error: ServiceError | None = None

    def close(self, error: ServiceError | None = None) -> None:
        """End the stream from outside, with a status if there is an error and with OK if not. Only the first counts."""
        if not self.closing:
            self.closing, self.error = True, error
            self._task.cancel()

    def settle(self) -> None:
        """
        Say how the stream ends, in its task, when the cancellation of `close` arrives there.

        Raises:
            ServiceError: the stream was closed with an error.
        """
        self._task.uncancel()
        if self.error is not None:
            raise self.error

    def __enter__(self) -> Self:
        self._streams.add(self, self._key_id, self._method)
        current_stream.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._streams.remove(self, self._key_id, self._method)


current_stream: contextvars.ContextVar[OpenStream] = contextvars.ContextVar("current_stream")
"""The stream that the present task serves."""


class EndingStreams:
    """The streams of a servicer that never end by themselves: ended well when the service stops."""

    def __init__(self) -> None:
        self._open: set[OpenStream] = set()
        self._leaving = False

    @contextmanager
    def streaming(self) -> Iterator[None]:
        """
        Hold the present stream for the time of the block.

        Raises:
            Unavailable: the service is shutting down.
        """
        if self._leaving:
            raise Unavailable("the service is shutting down", reason=reasons.ERROR_REASON_NOT_READY)
        stream = current_stream.get()
        self._open.add(stream)
        try:
            yield
        finally:
            self._open.discard(stream)

    def end(self) -> None:
        """End all streams, and take no more: their readers resume at another replica."""
        self._leaving = True
        for stream in list(self._open):
            stream.close()


class OpenStreams:
    """All open streams of a process, at most `most_per_key` for each key."""

    def __init__(self, most_per_key: int) -> None:
        self._most_per_key = most_per_key
        self._by_key: dict[str, set[OpenStream]] = {}
        self._by_method: dict[str, int] = {}

    def opened(self, key_id: str, method: str) -> OpenStream:
        """
        Return a stream of the present task, open for the time of its `with` block, which begins at once.

        Raises:
            Overloaded: the key has as many as it may.
        """
        if len(self._by_key.get(key_id, ())) >= self._most_per_key:
            raise Overloaded(f"the key has {self._most_per_key} open streams, which is the most", retry_seconds=5.0)
        return OpenStream(self, key_id, method)

    def add(self, stream: OpenStream, key_id: str, method: str) -> None:
        """Count a stream. Called by the stream."""
        self._by_key.setdefault(key_id, set()).add(stream)
        self._by_method[method] = self._by_method.get(method, 0) + 1

    def remove(self, stream: OpenStream, key_id: str, method: str) -> None:
        """Count it no more."""
        streams = self._by_key[key_id]
        streams.discard(stream)
        if not streams:
            del self._by_key[key_id]
        self._by_method[method] -= 1

    def close_those_of(self, key_id: str, error: Callable[[], ServiceError]) -> None:
        """Close all streams of a key, each with an error of its own."""
        for stream in list(self._by_key.get(key_id, ())):
            stream.close(error())

    def counts(self) -> dict[str, int]:
        """Return how many streams of each method are open."""
        return dict(self._by_method)
