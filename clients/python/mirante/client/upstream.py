"""What a subscriber sends on its stream: where it stands, then what it has applied."""

import random
import threading
from collections.abc import Iterator

from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2
from mirante.client.settings import Timing


class Upstream:
    """
    The requests of one stream, for gRPC's own thread to iterate over.

    Acknowledgements wait a short random time and then name the newest revision only: when one change reaches thousands
    of subscribers at once, their answers come spread out.
    """

    def __init__(self, subscribe: sync_pb2.Subscribe, timing: Timing) -> None:
        self._subscribe = subscribe
        self._timing = timing
        self._changed = threading.Condition()
        self._applied: int | None = None
        self._closed = False

    def applied(self, revision: int) -> None:
        """Acknowledge a revision, soon."""
        with self._changed:
            self._applied = revision
            self._changed.notify()

    def close(self) -> None:
        """End the requests."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def __iter__(self) -> Iterator[sync_pb2.WatchFlagsRequest]:
        yield sync_pb2.WatchFlagsRequest(subscribe=self._subscribe)
        while True:
            revision = self._next_applied()
            if revision is None:
                return
            yield sync_pb2.WatchFlagsRequest(applied=sync_pb2.Applied(revision=revision))

    def _next_applied(self) -> int | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._applied is not None)
            delay = random.uniform(self._timing.acknowledge_earliest, self._timing.acknowledge_latest)
            self._changed.wait_for(lambda: self._closed, delay)
            revision, self._applied = self._applied, None
            return None if self._closed else revision
