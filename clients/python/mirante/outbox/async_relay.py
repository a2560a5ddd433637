"""The relay as a task of asyncio."""

import asyncio
import contextlib
import logging
import time

from mirante.client import lifecycle  # first: it prepares gRPC for forks
from mirante.client.channel import check_channel
from mirante.client.settings import ClientSettings, Tls
from mirante.outbox import awaited_table
from mirante.outbox.awaited_table import AsyncpgConnection, AsyncpgPool
from mirante.outbox.deciding import Decisions, Row, Settlement
from mirante.outbox.ingesting import Ingesting
from mirante.outbox.status import OutboxBacklog, RelayStatus
from mirante.telemetry.settings import Delivery

_log = logging.getLogger("mirante")


class AsyncOutboxRelay:
    """`OutboxRelay` for asyncio: `run` delivers until its task is cancelled."""

    def __init__(
        self,
        address: str,
        *,
        api_key: str,
        pool: AsyncpgPool,
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
            pool: of asyncpg, to the database with the table. One of its connections is in use while a batch is.
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
        self._pool = pool
        self._poll = poll
        self._call_timeout = delivery.call_timeout
        self._decisions = Decisions(delivery)
        self._ingesting = Ingesting(self._settings, self._call_timeout)
        self._awake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def status(self) -> RelayStatus:
        """What this relay has done."""
        return self._decisions.status

    async def backlog(self) -> OutboxBacklog:
        """Return what the table holds; errors are the driver's."""
        async with self._pool.acquire() as connection:
            return await awaited_table.backlog(connection)

    def wake(self) -> None:
        """Look into the table at once; to be called after a commit, from any thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._awake.set)

    async def run(self) -> None:
        """
        Deliver until the task is cancelled. A batch under way is cut off then: it is delivered again, and counts once.

        Raises:
            RuntimeError: it runs already.
        """
        if self._loop is not None:
            raise RuntimeError("the relay runs already")
        self._loop = asyncio.get_running_loop()
        self._resume()
        lifecycle.join(self)
        try:
            while True:
                try:
                    await self._deliver()
                except Exception as error:  # noqa: BLE001 - the driver's own; events are safe in the table
                    delay = self._decisions.database_failed(error)
                    _log.warning("the outbox cannot be read, again in %.1f s: %s", delay, type(error).__name__)
                    await asyncio.sleep(delay)
        finally:
            lifecycle.leave(self)
            self._ingesting.close()
            self._loop = None

    def close(self) -> None:
        """Let go of gRPC; called when the interpreter ends."""
        self._ingesting.close()

    def before_fork(self) -> None:
        """See `lifecycle.Member`."""
        self._ingesting.close()

    def after_fork_in_parent(self) -> None:
        """See `lifecycle.Member`."""
        self._resume()

    def after_fork_in_child(self, *, grpc_usable: bool) -> None:  # noqa: ARG002 - its loop is the parent's
        """See `lifecycle.Member`."""
        self._loop = None
        lifecycle.leave(self)

    def _resume(self) -> None:
        self._ingesting = Ingesting(self._settings, self._call_timeout)

    async def _deliver(self) -> None:
        while True:
            await asyncio.sleep(self._decisions.pause(time.monotonic()))
            async with self._pool.acquire() as connection, connection.transaction():
                rows, settlement = await self._turn(connection)
            self._decisions.committed(settlement)
            if not rows:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._awake.wait(), self._poll)
                self._awake.clear()

    async def _turn(self, connection: AsyncpgConnection) -> tuple[list[Row], Settlement]:
        """Lock rows, send them, and do what follows; return the rows and what that was."""
        rows = await awaited_table.lock(connection, self._decisions.limit)
        if not rows:
            return rows, Settlement()
        parcel = self._decisions.parcel(rows)
        began = time.monotonic()
        result = await self._ingesting.send_async(parcel)
        settlement = self._decisions.settle(parcel, result, began, time.monotonic())
        await awaited_table.settle(connection, settlement)
        return rows, settlement
