"""Keeps one stream of rules open, again and again, until it is stopped."""

import logging
import threading
import time
from collections.abc import Iterator
from typing import Protocol

from mirante.client.channel import call_metadata, open_channel  # first: it prepares gRPC for forks

import grpc  # isort: skip

from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2
from mirante.api.flags.v1 import flag_sync_service_pb2_grpc as sync_grpc
from mirante.client.chores import Chores
from mirante.client.settings import ClientSettings
from mirante.client.stream_end import LONGEST_HINT, EndKind, Schedule, StreamEnd, end_of_error
from mirante.client.upstream import Upstream
from mirante.client.version import CLIENT_VERSION
from mirante.errors import TransferRefused
from mirante.replica import Change, Replica

_log = logging.getLogger("mirante")

_JOIN = 5.0
"""Seconds; the thread waits for nothing that stopping does not end, so it is normally gone at once."""


class _Responses(Protocol):
    """The messages of a stream; `cancel` makes the iteration end."""

    def __iter__(self) -> Iterator[sync_pb2.WatchFlagsResponse]: ...

    def cancel(self) -> object: ...


class WatchObserver(Protocol):
    """Told on the watch's thread, one call at a time; must not block."""

    def receive(self, part: sync_pb2.Transfer) -> Change | None:
        """Apply one part to the replica; return and raise as `Replica.apply` does."""

    def lost(self, end: StreamEnd) -> None:
        """Forget unfinished parts: the stream ended. The next attempt follows by itself."""


class Watch:
    """
    Subscribes with what the replica holds, hands on what comes, connects again when the stream ends. Never gives up.

    Changes nothing in the replica and knows nothing of staleness, files and listeners. Started once, stopped once.
    """

    def __init__(
        self, settings: ClientSettings, instance: str, replica: Replica, observer: WatchObserver, chores: Chores
    ) -> None:
        self._settings = settings
        self._instance = instance
        self._replica = replica
        self._observer = observer
        self._chores = chores
        self._schedule = Schedule(settings.timing)
        self._from_nothing = False
        self._brought_rules = False
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._call: _Responses | None = None
        self._thread = threading.Thread(target=self._run, name="mirante-watch", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> bool:
        """End the stream and the thread; return whether no gRPC object of this watch is left."""
        with self._lock:
            self._stopping.set()
            # The thread closes the channel: that may block, here only the wait for the thread does, and it has a bound.
            if self._call is not None:
                self._call.cancel()
        self._thread.join(_JOIN)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            self._brought_rules = False
            end = self._stream()
            if self._stopping.is_set():
                return
            delay = self._schedule.delay(end, lived=time.monotonic() - began, brought_rules=self._brought_rules)
            level = logging.WARNING if end.kind is EndKind.DENIED else logging.INFO
            _log.log(level, "the stream of flags ended, again in %.1f s: %s", delay, end.why)
            self._observer.lost(end)
            self._stopping.wait(delay)

    def _stream(self) -> StreamEnd:
        """Run one stream to its end."""
        upstream, with_token = self._upstream()
        try:
            with open_channel(self._settings) as channel:
                call = sync_grpc.FlagSyncServiceStub(channel).WatchFlags(
                    iter(upstream), metadata=call_metadata(self._settings)
                )
                with self._lock:
                    if self._stopping.is_set():
                        return StreamEnd(EndKind.LOST, "stopped")
                    self._call = call
                return self._follow(call, upstream)
        except grpc.RpcError as error:
            end = end_of_error(error, with_token=with_token)
            self._from_nothing = self._from_nothing or end.kind is EndKind.START_OVER
            return end
        except TransferRefused as refused:
            self._from_nothing = refused.from_nothing
            return StreamEnd(EndKind.START_OVER, str(refused))
        except Exception as error:  # noqa: BLE001 - whatever it is, the next stream may work
            if not self._stopping.is_set():
                _log.exception("the stream of flags failed")
            return StreamEnd(EndKind.LOST, type(error).__name__)
        finally:
            self._call = None
            self._chores.drop("silence")
            upstream.close()

    def _upstream(self) -> tuple[Upstream, bool]:
        replica = self._replica
        subscribe = sync_pb2.Subscribe(
            environment=self._settings.environment,
            client_name=self._settings.name,
            client_instance=self._instance,
            client_version=CLIENT_VERSION,
        )
        with_token = replica.has_rules and not self._from_nothing
        if with_token:
            subscribe.resume_token, subscribe.digest = replica.resume_token, replica.digest
        return Upstream(subscribe, self._settings.timing), with_token

    def _follow(self, call: "_Responses", upstream: Upstream) -> StreamEnd:
        behind = 0
        self._expect_a_message(call)
        for message in call:
            self._expect_a_message(call)
            kind = message.WhichOneof("kind")
            if kind == "transfer":
                behind = 0
                self._apply(message.transfer, upstream)
            elif kind == "goodbye":
                return StreamEnd(EndKind.GOODBYE, "the service said goodbye", _seconds(message.goodbye))
            elif kind == "heartbeat" and message.heartbeat.revision > self._replica.revision:
                behind += 1
                if behind > 1:
                    return StreamEnd(EndKind.LOST, "the service is ahead and sends no transfer")
        return StreamEnd(EndKind.LOST, "the service closed the stream")

    def _apply(self, part: sync_pb2.Transfer, upstream: Upstream) -> None:
        change = self._observer.receive(part)
        if change is None:
            return
        self._from_nothing = False
        self._brought_rules = True
        upstream.applied(change.revision)

    def _expect_a_message(self, call: "_Responses") -> None:
        self._chores.set("silence", self._settings.timing.silence, call.cancel)


def _seconds(goodbye: sync_pb2.Goodbye) -> float:
    hint = goodbye.retry_after.seconds + goodbye.retry_after.nanos / 1e9
    return min(max(hint, 0.0), LONGEST_HINT)
