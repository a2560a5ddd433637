"""Telemetry of one client: its parts put together, and started, paused and closed together."""

import logging
import threading
import time
from collections.abc import Callable

from mirante.client import lifecycle
from mirante.client.channel import check_channel
from mirante.errors import InvalidSettings
from mirante.evaluation.model import JsonValue
from mirante.telemetry.backlog import Backlog
from mirante.telemetry.dispatch import Dispatch
from mirante.telemetry.draining import drain
from mirante.telemetry.exposures import Exposures
from mirante.telemetry.gate import Gate
from mirante.telemetry.intake import Intake
from mirante.telemetry.ledger import Ledger
from mirante.telemetry.parts import Parts
from mirante.telemetry.records import RecordMaker
from mirante.telemetry.sender import Sender, Waiters
from mirante.telemetry.settings import TelemetrySettings
from mirante.telemetry.spool import folder
from mirante.telemetry.spool.spool import Spool
from mirante.telemetry.status import EXIT, FORK, TelemetryStatus
from mirante.telemetry.traits import Traits
from mirante.telemetry.workers import close_with_worker

_log = logging.getLogger("mirante")

_PAUSE = 5.0
"""Seconds to wait for the sender before a fork; it waits for nothing that pausing does not end."""

_LOOK_AGAIN = 0.5
"""Seconds; the sender tells of progress, but a fork may have taken its place."""


class Telemetry:
    """
    Takes events from any thread, and delivers them until it is closed.

    Everything but the thread of the sender survives a fork in the parent; a child begins with nothing to send.
    """

    def __init__(self, settings: TelemetrySettings) -> None:
        """
        Start; with a spool, take over at once what others have left there.

        Raises:
            InvalidSettings: an encryption file cannot be read, or this system has no locks for a spool.
        """
        check_channel(settings.connection)
        if settings.spool_dir is not None and not folder.SUPPORTED:
            raise InvalidSettings("spool_dir: needs flock, which this system lacks")
        self._settings = settings
        self._ledger = Ledger()
        self._intake = Intake(self._ledger, settings.delivery.queue_events, self._wake)
        self._traits = Traits(settings.connection)
        delivery = settings.delivery
        self.exposures = Exposures(self._intake.put, delivery.exposure_window, delivery.exposure_keys)
        self.put = self._intake.put
        self.refuse_invalid = self._intake.refuse_invalid
        self._closed = False
        self._paused = False
        self._sender: Sender | None
        self._make_parts()
        lifecycle.join(self, last=True)
        if settings.spool_dir is not None:
            self._start()

    @property
    def status(self) -> TelemetryStatus:
        """What became of everything that was tracked."""
        return self._ledger.status()

    def traits(self, user_id: str, tenant: str) -> dict[str, JsonValue]:
        """See `TelemetryFace`."""
        return self._traits.of(user_id, tenant)

    async def traits_async(self, user_id: str, tenant: str) -> dict[str, JsonValue]:
        """See `AsyncMirante`."""
        return await self._traits.of_async(user_id, tenant)

    def flush(self, timeout: float) -> int:
        """See `Mirante`."""
        if self._ledger.waiting():
            mark = self._intake.mark()
            self._wait(lambda: self._backlog.cleared >= mark, timeout)
        return self._ledger.waiting()

    def flush_to_spool(self, timeout: float) -> bool:
        """See `Mirante`."""
        if self._settings.spool_dir is None:
            return False
        if not self._ledger.waiting():
            return True
        mark = self._intake.mark()
        return self._wait(lambda: self._backlog.stored >= mark, timeout)

    def close(self) -> None:
        """Send what is left, within `exit_timeout`; once is enough."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            deadline = time.monotonic() + self._settings.delivery.exit_timeout
            self._intake.close(EXIT)
            sender = self._sender
            if sender is None or sender.end(deadline - time.monotonic()) or sender.stop(_PAUSE):
                drain(self._parts, deadline)
                self._give_up_the_rest()
            else:
                _log.warning("the sender of telemetry did not end")
        self._traits.calls.close()
        lifecycle.leave(self)
        self._notify()

    def before_fork(self) -> None:
        """See `lifecycle.Member`."""
        self._paused = True
        sender, self._sender = self._sender, None
        if sender is not None and not sender.stop(_PAUSE):
            _log.warning("the sender of telemetry did not stop for a fork")
        self._traits.calls.pause()

    def after_fork_in_parent(self) -> None:
        """See `lifecycle.Member`."""
        self._paused = False
        self._traits.calls.resume()
        if self._ledger.waiting() or self._intake.wake_when(1):
            self._start()

    def after_fork_in_child(self, *, grpc_usable: bool) -> None:
        """See `lifecycle.Member`."""
        self._paused = False
        self._ledger.begin_anew()
        self._intake.begin_anew(self._settings.delivery.queue_events)
        if self._backlog.spool is not None:
            self._backlog.spool.abandon()
        self._make_parts()
        self.exposures.begin_anew()
        self._traits.calls.revive(usable=grpc_usable)
        if not grpc_usable:
            self._intake.close(FORK)

    def _make_parts(self) -> None:
        settings, ledger = self._settings, self._ledger
        self._sender = None
        self._closing = threading.RLock()
        self._waiters = Waiters()
        self._backlog = Backlog(settings.delivery, ledger, self._open_spool if settings.spool_dir else None)
        maker = RecordMaker(settings.connection.environment, settings.release)
        dispatch = Dispatch(settings.delivery, ledger, maker, self._backlog)
        self._parts = Parts(settings, self._intake, ledger, self._backlog, dispatch, Gate(settings.delivery))

    def _open_spool(self) -> Spool:
        assert self._settings.spool_dir is not None  # noqa: S101 - otherwise nobody asks
        return Spool(self._settings.spool_dir, self._settings.connection, self._settings.delivery)

    def _wake(self) -> None:
        sender = self._sender
        if sender is not None:
            sender.wake()
        else:
            self._start()

    def _start(self) -> None:
        if self._paused or self._closed:
            return
        with lifecycle.no_fork():
            if self._sender is not None or self._paused or self._closed:
                return
            sender = Sender(self._parts, self._waiters)
            try:
                sender.start()
            except RuntimeError:
                # The interpreter is ending: `close` sends what is here.
                return
            self._sender = sender
        close_with_worker(self.close)

    def _wait(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Wait for the sender to bring about a condition; return whether it did."""
        deadline = time.monotonic() + timeout
        waiters = self._waiters
        with waiters.progress:
            waiters.hurry += 1
            waiters.knock = True
            try:
                while not condition() and not self._closed:
                    self._wake()
                    left = deadline - time.monotonic()
                    if left <= 0:
                        break
                    waiters.progress.wait(min(left, _LOOK_AGAIN))
            finally:
                waiters.hurry -= 1
        return condition()

    def _notify(self) -> None:
        with self._waiters.progress:
            self._waiters.progress.notify_all()

    def _give_up_the_rest(self) -> None:
        lost = self._backlog.drop_memory(EXIT)
        if lost:
            _log.warning("telemetry lost %d events that could not be sent before the client was closed", lost)
        if self._backlog.spool is not None:
            self._backlog.spool.close()
