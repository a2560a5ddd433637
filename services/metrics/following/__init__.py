"""The seam to the event log."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2


class LogRestored(Exception):
    """The log is another than the one that the cursor is of: everything that was made from it is void."""


class EventLog(Protocol):
    """Reads the committed log of environments."""

    def follow(
        self, environment: str, cursor: bytes
    ) -> AbstractAsyncContextManager[AsyncIterator[log_pb2.FollowEventsResponse]]:
        """
        Open a stream of the log from a cursor on, for ever; from its beginning when the cursor is empty.

        Raises, when it is read:
            LogRestored: see there.
            Unavailable: the log does not answer.
        """


class RawEventLog(Protocol):
    """Reads the committed log of environments, and leaves taking it apart to others."""

    def follow_raw(self, environment: str, cursor: bytes) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Do as `EventLog.follow`; what is read are serialised `FollowEventsResponse`."""
