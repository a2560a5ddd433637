"""The thread that sends: it collects calls, writes them to disk, and keeps parcels under way."""

import logging
import threading
import time
from dataclasses import dataclass

from mirante.telemetry.complaints import Complaints
from mirante.telemetry.outcomes import Failure, FailureKind
from mirante.telemetry.parts import Parts
from mirante.telemetry.records import Kind, Record, anonymous_of
from mirante.telemetry.status import QUEUE_FULL
from mirante.telemetry.wire import PendingCall, Wire, outcome

_log = logging.getLogger("mirante")

_UNDER_WAY = 4
"""Parcels at once, when more waits than one takes."""

_LONGEST_HURRIED = 1.0
"""Seconds between attempts while somebody waits for them."""

_AFTER_A_FAULT = 0.5
"""Seconds; a fault of our own must not become a tight loop."""

_ALONE = 60.0
"""Seconds for which calls are made on this thread, when others cannot be started."""

_NEVER = float("inf")


@dataclass(slots=True, eq=False)
class _Flight:
    """A parcel under way; `began` is when, `joins` whom an identity call is about."""

    parcel: list[Record]
    call: PendingCall
    began: float
    joins: tuple[str, str] | None


class Waiters:
    """
    Those who wait for the sender, on `progress`.

    `hurry` counts those for whom it sends without lingering; `knock` asks for one attempt at once, although the service
    is away.
    """

    def __init__(self) -> None:
        self.progress = threading.Condition()
        self.hurry = 0
        self.knock = False


class Sender:
    """
    One life of the thread: it ends for a fork, and when the client is closed.

    Everything it works on outlives it.
    """

    def __init__(self, parts: Parts, waiters: Waiters) -> None:
        self._parts = parts
        self._delivery = parts.settings.delivery
        self._intake = parts.intake
        self._backlog = parts.backlog
        self._dispatch = parts.dispatch
        self._gate = parts.gate
        self._complaints = Complaints()
        self._flights: list[_Flight] = []
        self._collect_at = _NEVER
        # What is here already has waited.
        self._send_at = float("-inf")
        self._alone_until = float("-inf")
        self._stopping = False
        self._ending = False
        self._awake = threading.Event()
        self._waiters = waiters
        self._thread = threading.Thread(target=self._run, name="mirante-telemetry", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """
        Start the thread.

        Raises:
            RuntimeError: no thread can be started any more.
        """
        self._thread.start()

    def wake(self) -> None:
        """Look at what there is to do."""
        self._awake.set()

    def stop(self, timeout: float) -> bool:
        """Cancel what is under way and end; return whether the thread has ended in time."""
        self._stopping = True
        return self.end(timeout)

    def end(self, timeout: float) -> bool:
        """Wait for what is under way, send nothing more, and end."""
        self._ending = True
        self._awake.set()
        if self._thread is not threading.current_thread() and self._thread.ident is not None:
            self._thread.join(timeout)
        return not self.alive

    def _run(self) -> None:
        wire = Wire(self._parts.settings)
        try:
            self._backlog.begin()
            while not self._step(wire):
                pass
        finally:
            for flight in self._flights:
                flight.call.cancel()
                self._dispatch.give_back(flight.parcel, time.monotonic())
            self._flights = []
            wire.close()
            self._announce(time.monotonic())

    def _step(self, wire: Wire) -> bool:
        """Do what there is to do, and wait for more; return whether this was the end."""
        try:
            now = time.monotonic()
            self._collect(now)
            self._land(now)
            if self._stopping or (self._ending and not self._flights):
                return True
            look_at = _NEVER if self._ending else self._launch(wire, now)
            self._announce(now)
            if self._dispatch.raw or self._backlog.adopting:
                return False
            pause = min(look_at, self._collect_at) - time.monotonic()
            self._awake.wait(None if pause == _NEVER else max(pause, 0.0))
        except Exception:  # noqa: BLE001 - whatever it is, events still have to be sent
            _log.exception("the sender of telemetry failed")
            time.sleep(_AFTER_A_FAULT)
        self._awake.clear()
        return False

    def _collect(self, now: float) -> None:
        """Take what has come in, unless it is worth waiting for more."""
        if self._backlog.adopting:
            self._backlog.adopt()
            self._send_at = min(self._send_at, now)
        if self._collect_at == _NEVER and self._intake.wake_when(1):
            # On disk as soon as possible; without one, only when it is sent.
            lingers = self._delivery.spool_linger if self._backlog.spool is not None else self._delivery.linger
            self._collect_at = now + lingers
            if self._send_at == _NEVER:
                self._send_at = now + self._delivery.linger
        full = self._collect_at < _NEVER and self._intake.wake_when(self._delivery.batch_events)
        if full or self._dispatch.raw or now >= self._collect_at or self._waiters.hurry or self._ending:
            self._dispatch.collect(self._intake.take(wake_at=1))
            self._collect_at = _NEVER

    def _land(self, now: float) -> None:
        """Take what parcels have brought."""
        under_way = self._flights
        self._flights = []
        for flight in under_way:
            if flight.call.done():
                result = outcome(flight.parcel, flight.call.result)
                self._parts.settle(flight.parcel, result, flight.began, now)
            else:
                self._flights.append(flight)

    def _launch(self, wire: Wire, now: float) -> float:
        """Send what is to be sent; return when to look again, unless something happens."""
        if self._waiters.hurry:
            self._gate.hurry(0.0 if self._waiters.knock else _LONGEST_HURRIED, now)
            self._waiters.knock = False
        while True:
            unsent, batch = self._backlog.unsent, self._delivery.batch_events
            if not unsent:
                self._send_at = _NEVER
            elif self._send_at == _NEVER:
                # Came in while what was before it went out.
                self._send_at = now + self._delivery.linger
            due = now if self._waiters.hurry or unsent >= batch else self._send_at
            look_at = max(min(due, self._backlog.next_due), self._gate.opens_at)
            if look_at > now:
                return look_at
            joins = self._may_join(now, full=unsent >= batch)
            if joins is None:
                return _NEVER if self._flights else self._backlog.next_due
            large = unsent >= 2 * batch and not self._gate.failing
            parcel = self._dispatch.next_parcel(now, large=large)
            if parcel:
                self._start(wire, parcel, now, joins[0])

    def _may_join(self, now: float, *, full: bool) -> "tuple[tuple[str, str] | None] | None":
        """
        Return whom the next parcel is about, in a tuple; None when it has to wait for those under way.

        Events and identity calls pass one another never, identity calls about the same anonymous id neither. After a
        failure one parcel finds out whether the service is back.
        """
        record = self._backlog.peek(now)
        if record is None:
            return None
        joins = anonymous_of(record)
        if self._flights and (
            self._gate.failing
            or len(self._flights) >= _UNDER_WAY
            or record.kind is not self._flights[0].parcel[0].kind
            or (record.kind is Kind.EVENT and not full)
            or (joins is not None and any(flight.joins == joins for flight in self._flights))
        ):
            return None
        return (joins,)

    def _start(self, wire: Wire, parcel: list[Record], now: float, joins: tuple[str, str] | None) -> None:
        if now < self._alone_until or not threading.main_thread().is_alive():
            result = wire.ask(parcel, self._delivery.call_timeout)
            self._parts.settle(parcel, result, now, time.monotonic())
            return
        try:
            call = wire.start(parcel)
        except RuntimeError:
            # No thread can be started, as gRPC does for calls under way: there are too many, or the interpreter ends.
            wire.abandon()
            self._alone_until = now + _ALONE
            self._dispatch.give_back(parcel, now)
            return
        except Exception as error:  # noqa: BLE001 - settings that cannot be used
            self._parts.settle(parcel, Failure(FailureKind.FAULT, type(error).__name__), now, now)
            return
        self._flights.append(_Flight(parcel, call, now, joins))
        call.add_done_callback(lambda _call: self._awake.set())

    def _announce(self, now: float) -> None:
        """Tell those who wait, and the intake how much room there is."""
        self._intake.open(self._dispatch.room, self._backlog.full or QUEUE_FULL)
        self._complaints.look(self._parts.ledger.status(), now)
        with self._waiters.progress:
            self._waiters.progress.notify_all()
