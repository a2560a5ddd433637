"""Long-lived connections: bounded for each key, and ended when the key is revoked or the gateway drains."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Self, TypeVar

from services.gateway.http.problems import TOO_MANY_CONNECTIONS, Problem

_T = TypeVar("_T")
_RETRY_SECONDS = 5.0


class OpenConnection:
    """One connection; used as a context manager, it counts until the block ends."""

    def __init__(self, connections: "OpenConnections", key_id: str) -> None:
        self.key_id = key_id
        self.ended = False
        self._connections = connections
        self._end = asyncio.Event()
        self._when_ended: Callable[[], None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Count no more; once is enough."""
        self._connections.forget(self)

    def end(self) -> None:
        """Ask the one who serves it to end it."""
        self.ended = True
        self._end.set()
        if self._when_ended is not None:
            self._when_ended()

    def when_ended(self, callback: Callable[[], None]) -> None:
        """Call back when the connection is to end, at once if that is already so."""
        self._when_ended = callback
        if self.ended:
            callback()

    async def until_ended(self) -> None:
        """Return when the connection is to end."""
        await self._end.wait()

    async def first_of(self, awaited: Awaitable[_T], seconds: float) -> _T | None:
        """Return what is awaited; None when it was not there in time, or before the connection is to end."""
        work = asyncio.ensure_future(awaited)
        end = asyncio.ensure_future(self._end.wait())
        try:
            await asyncio.wait({work, end}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            return work.result() if work.done() else None
        finally:
            for task in (work, end):
                task.cancel()


class OpenConnections:
    """All of one kind; at most `per_key` of one key."""

    def __init__(self, per_key: int) -> None:
        self._per_key = per_key
        self._by_key: dict[str, set[OpenConnection]] = defaultdict(set)
        self.draining = False
        self.refused = 0

    @property
    def count(self) -> int:
        """How many are open."""
        return sum(len(each) for each in self._by_key.values())

    def open(self, key_id: str) -> OpenConnection:
        """
        Count one more.

        Raises:
            Problem: the key has as many as it may, or the gateway is ending.
        """
        if self.draining:
            raise Problem(503, "NOT_READY", "the gateway is shutting down", retry_seconds=1.0)
        if len(self._by_key.get(key_id, ())) >= self._per_key:
            self.refused += 1
            raise Problem(
                429, TOO_MANY_CONNECTIONS, "the key has too many open connections", retry_seconds=_RETRY_SECONDS
            )
        connection = OpenConnection(self, key_id)
        self._by_key[key_id].add(connection)
        return connection

    def forget(self, connection: OpenConnection) -> None:
        """Count it no more."""
        of_key = self._by_key.get(connection.key_id)
        if of_key is not None:
            of_key.discard(connection)
            if not of_key:
                del self._by_key[connection.key_id]

    def end_those_of(self, key_id: str) -> None:
        """End the connections of a key that was revoked."""
        for connection in list(self._by_key.get(key_id, ())):
            connection.end()

    def drain(self) -> None:
        """End all, and take no more."""
        self.draining = True
        for key_id in list(self._by_key):
            self.end_those_of(key_id)
