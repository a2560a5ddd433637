"""All subscribers of this process, by environment."""

import asyncio
import random
import time
from collections.abc import Callable
from typing import Final

from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2

from services.flags.catalog import FlagCatalog
from services.flags.delivery.presence import Presence, presence_of
from services.flags.watch.resume_token import Position
from services.flags.watch.subscriber import Subscriber, Write
from services.flags.watch.transfers import Transfers
from services.runtime.calls.streams import OpenStream
from services.runtime.errors import Overloaded, Unavailable
from services.runtime.telemetry.measurements import Series

_BATCH: Final = 200
"""Subscribers that are woken without a pause, so that other calls get their turn while thousands are told."""

_RETRY_SECONDS: Final = 5.0


class WatchHub:
    """
    Brings every subscriber to each new revision.

    `changed` has to be called when an environment was replaced in the catalog. `delays` takes the seconds from a commit
    to its acknowledgement by a subscriber. `on_progress` is called when subscribers come, go, or acknowledge.
    """

    def __init__(self, catalog: FlagCatalog, delays: Series) -> None:
        self._catalog = catalog
        self._delays = delays
        self.on_progress: Callable[[], None] = lambda: None
        self._transfers: dict[str, Transfers] = {}
        self._subscribers: dict[str, set[Subscriber]] = {}
        self._waking: set[asyncio.Task[None]] = set()
        self._leaving = False

    def subscribe(
        self, environment: str, write: Write, stream: OpenStream, position: Position | None, *, name: str, instance: str
    ) -> Subscriber:
        """
        Send a subscriber what is due from now on, until `unsubscribe`.

        Raises:
            Unavailable: the service is shutting down.
        """
        if self._leaving:
            raise Unavailable("the service is shutting down", reason=reasons.ERROR_REASON_NOT_READY)
        transfers = self._transfers.get(environment)
        if transfers is None:
            transfers = self._transfers[environment] = Transfers(self._catalog, environment)
        subscriber = Subscriber(write, stream, transfers, position, name=name, instance=instance)
        subscribers = self._subscribers.setdefault(environment, set())
        subscribers.add(subscriber)
        subscriber.wake()
        self.on_progress()
        return subscriber

    def unsubscribe(self, environment: str, subscriber: Subscriber) -> None:
        """Forget a subscriber whose stream has ended."""
        self._subscribers[environment].discard(subscriber)
        subscriber.close()
        self.on_progress()

    def changed(self, environment: str) -> None:
        """Send everybody what is new in an environment."""
        transfers = self._transfers.get(environment)
        if transfers is not None:
            transfers.renew()
            task = asyncio.create_task(self._wake(environment))
            self._waking.add(task)
            task.add_done_callback(self._waking.discard)

    def acknowledged(self, environment: str, subscriber: Subscriber, revision: int) -> None:
        """
        Note what a subscriber has applied.

        Raises:
            InvalidRequest: it was never sent that revision.
        """
        if subscriber.acknowledge(revision):
            transfers = self._transfers[environment]
            if revision == transfers.position[1]:
                self._delays.record(max(0.0, time.time() - transfers.committed_at))
            self.on_progress()

    def presence(self, environment: str) -> Presence:
        """Return how far the subscribers of an environment are."""
        lineage = self._catalog.snapshot(environment).head.lineage
        return presence_of(
            lineage, [(each.applied, each.name, each.instance) for each in self._subscribers.get(environment, ())]
        )

    async def keep_alive(self, quiet_seconds: float, blocked_seconds: float) -> None:
        """
        Send heartbeats to subscribers that have been quiet, and end streams that take no bytes; for ever.

        Each subscriber is due at a time of its own, somewhat early, so that thousands are not due at once.
        """
        clock = asyncio.get_running_loop().time
        tick = min(1.0, quiet_seconds / 10, blocked_seconds / 4)
        while True:
            await asyncio.sleep(tick)
            now = clock()
            for subscriber in self._all():
                if subscriber.writing_since is not None:
                    if now - subscriber.writing_since > blocked_seconds:
                        subscriber.end_stream(Overloaded("the subscriber does not read", retry_seconds=_RETRY_SECONDS))
                elif now - subscriber.quiet_since > quiet_seconds * random.uniform(0.7, 1.0):
                    subscriber.send_heartbeat()

    async def say_goodbye(self, spread_seconds: float) -> None:
        """Tell everybody to come back later, each at a time of its own, and end the streams. Takes no more."""
        self._leaving = True
        leaving = self._all()
        for subscriber in leaving:
            goodbye = sync_pb2.Goodbye()
            goodbye.retry_after.FromNanoseconds(int(random.uniform(0, spread_seconds) * 1e9))
            subscriber.say_goodbye(sync_pb2.WatchFlagsResponse(goodbye=goodbye).SerializeToString())
        await asyncio.gather(*[subscriber.finish() for subscriber in leaving])

    async def _wake(self, environment: str) -> None:
        for number, subscriber in enumerate(list(self._subscribers.get(environment, ())), start=1):
            subscriber.wake()
            if number % _BATCH == 0:
                await asyncio.sleep(0)

    def _all(self) -> list[Subscriber]:
        return [subscriber for subscribers in self._subscribers.values() for subscriber in subscribers]
