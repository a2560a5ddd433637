"""The relay as a thread."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Self

from mirante.client import lifecycle  # first: it prepares gRPC for forks
from mirante.client.channel import check_channel
from mirante.client.settings import ClientSettings, Tls
from mirante.outbox.blocking_table import BlockingTable, DatabaseConnection
from mirante.outbox.deciding import Decisions, Row, Settlement
from mirante.outbox.ingesting import Ingesting
from mirante.outbox.status import OutboxBacklog, RelayStatus
from mirante.telemetry.settings import Delivery

_log = logging.getLogger("mirante")

_LONGEST_STOP = 5.0
"""Seconds to wait for a batch under way; one that is cut off is delivered again, and counts once all the same."""


class OutboxRelay:
    """
    Delivers the events of the table, oldest first, one batch at a time, until it is stopped.

    Several relays may work on one table, in one process or many. Whatever happens to one at any moment, another or a
    later one delivers what is left. Start one in each process: a forked child has none until it starts its own.
    """

    def __init__(
        self,
        address: str,
        *,
        api_key: str,
        connect: Callable[[], DatabaseConnection],
        environment: str = "",
        tls: Tls | bool = False,
        poll: float = 1.0,
        delivery: Delivery = Delivery(),  # noqa: B008 - immutable
    ) -> None:
        """
        Make a relay to the telemetry service at `address` (host:port).

        Args:
            address: where the telemetry service listens.
            api_key: a key of the role "server" (or more).
            connect: returns a new DB-API connection to the database with the table, for instance
                `functools.partial(psycopg.connect, url)`. The relay closes it.
            environment: needed only when the key holds several.
            tls: True for the system's authorities, or files.
            poll: seconds between looks into the table while nobody calls `wake`.
            delivery: bounds and times; those of batches, calls and retries are used.

        Raises:
            InvalidSettings: one of these cannot be used; the message names it.
        """
        encryption = tls if isinstance(tls, Tls) else Tls() if tls else None
        self._settings = ClientSettings(address, api_key, environment, tls=encryption)
        check_channel(self._settings)
        self._connect = connect
        self._call_timeout = delivery.call_timeout
        self._poll = poll
        self._decisions = Decisions(delivery)
        self._wanted = False
        self._life: _Life | None = None

    @property
    def status(self) -> RelayStatus:
        """What this relay has done."""
        return self._decisions.status

    def backlog(self) -> OutboxBacklog:
        """Return what the table holds, over a connection of its own; errors are the driver's."""
        with contextlib.closing(BlockingTable(self._connect())) as table:
            return table.backlog()

    def start(self) -> None:
        """Start to deliver; once is enough."""
        with lifecycle.no_fork():
            self._wanted = True
            if self._life is None or not self._life.thread.is_alive():
                ingesting = Ingesting(self._settings, self._call_timeout)
                self._life = _Life(self._decisions, self._connect, ingesting, self._poll)
                self._life.thread.start()
            lifecycle.join(self)

    def wake(self) -> None:
        """Look into the table at once; to be called after a commit."""
        life = self._life
        if life is not None:
            life.awake.set()

    def stop(self, timeout: float = _LONGEST_STOP) -> None:
        """Finish the batch under way, within so many seconds, and send no more."""
        self._wanted = False
        life = self._life
        if life is not None:
            life.stop(timeout)
        with lifecycle.no_fork():
            if not self._wanted:
                lifecycle.leave(self)

    def close(self) -> None:
        """As `stop`; called when the interpreter ends."""
        self.stop()

    def before_fork(self) -> None:
        """See `lifecycle.Member`."""
        if self._life is not None:
            self._life.stop(0)

    def after_fork_in_parent(self) -> None:
        """See `lifecycle.Member`."""
        if self._wanted:
            self.start()

    def after_fork_in_child(self, *, grpc_usable: bool) -> None:  # noqa: ARG002 - nothing goes on
        """See `lifecycle.Member`."""
        self._wanted, self._life = False, None
        lifecycle.leave(self)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Life:
    """One life of the thread: it ends when the relay is stopped, and for a fork."""

    def __init__(
        self, decisions: Decisions, connect: Callable[[], DatabaseConnection], ingesting: Ingesting, poll: float
    ) -> None:
        self._decisions = decisions
        self._connect = connect
        self._ingesting = ingesting
        self._poll = poll
        self._stopping = threading.Event()
        self.awake = threading.Event()
        self.thread = threading.Thread(target=self._run, name="mirante-outbox", daemon=True)

    def stop(self, timeout: float) -> None:
        """End; what is under way after `timeout` seconds is cut off."""
        self._stopping.set()
        self.awake.set()
        self.thread.join(timeout)
        self._ingesting.close()
        self.thread.join(_LONGEST_STOP)
        if self.thread.is_alive():
            _log.warning("the relay of the outbox did not stop: its database does not answer")

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._connected() as table:
                    self._deliver(table)
            except Exception as error:  # noqa: BLE001 - each driver has its own; events are safe in the table
                delay = self._decisions.database_failed(error)
                _log.warning("the outbox cannot be read, again in %.1f s: %s", delay, type(error).__name__)
                self._stopping.wait(delay)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[BlockingTable]:
        connection = self._connect()
        try:
            yield BlockingTable(connection)
        finally:
            # A connection that has failed may fail to close, too; why it failed first is what counts.
            with contextlib.suppress(Exception):
                connection.close()

    def _deliver(self, table: BlockingTable) -> None:
        """Deliver over one connection, until the relay is stopped."""
        # Being woken does not open the gate of a service that is away, so here only stopping is waited for.
        while not self._stopping.wait(self._decisions.pause(time.monotonic())):
            rows = table.lock(self._decisions.limit)
            settlement = self._send(rows) if rows else Settlement()
            table.settle(settlement)
            self._decisions.committed(settlement)
            if not rows and not self._stopping.is_set():
                self.awake.wait(self._poll)
                self.awake.clear()

    def _send(self, rows: list[Row]) -> Settlement:
        parcel = self._decisions.parcel(rows)
        began = time.monotonic()
        result = self._ingesting.send(parcel)
        return self._decisions.settle(parcel, result, began, time.monotonic())
