"""The open streams of each key: bounded, and closed from outside when the key is revoked or the service stops."""

import asyncio
import contextvars
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from services.runtime.errors import Overloaded, ServiceError


class OpenStream:
    """One open stream, held by the task that serves it."""

    __slots__ = ("_task", "closing", "error")

    def __init__(self, task: "asyncio.Task[object]") -> None:
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


current_stream: contextvars.ContextVar[OpenStream] = contextvars.ContextVar("current_stream")
"""The stream that the present task serves."""


class OpenStreams:
    """All open streams of a process, at most `most_per_key` for each key."""

    def __init__(self, most_per_key: int) -> None:
        self._most_per_key = most_per_key
        self._by_key: dict[str, set[OpenStream]] = {}
        self._by_method: dict[str, int] = {}

    @contextmanager
    def opened(self, key_id: str, method: str) -> Iterator[OpenStream]:
        """
        Hold a stream open in the present task for the time of the block.

        Raises:
            Overloaded: the key has as many as it may.
        """
        streams = self._by_key.setdefault(key_id, set())
        if len(streams) >= self._most_per_key:
            raise Overloaded(f"the key has {self._most_per_key} open streams, which is the most", retry_seconds=5.0)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - handlers run in tasks
        stream = OpenStream(task)
        streams.add(stream)
        self._by_method[method] = self._by_method.get(method, 0) + 1
        current_stream.set(stream)
        try:
            yield stream
        finally:
            streams.discard(stream)
            self._by_method[method] -= 1
            if not streams:
                self._by_key.pop(key_id, None)

    def close_those_of(self, key_id: str, error: Callable[[], ServiceError]) -> None:
        """Close all streams of a key, each with an error of its own."""
        for stream in list(self._by_key.get(key_id, ())):
            stream.close(error())

    def counts(self) -> dict[str, int]:
        """Return how many streams of each method are open."""
        return dict(self._by_method)
