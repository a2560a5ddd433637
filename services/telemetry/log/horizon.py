"""Watches the horizon: while it stands still nothing that is committed reaches the readers of the log."""

import asyncio
import contextlib
import logging
import time
from typing import Final

from services.runtime.errors import Unavailable
from services.runtime.postgres.pool import PostgresPool

_log = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 10.0
_ALARM_SECONDS: Final = 60.0

_LOOK: Final = """
    SELECT pg_snapshot_xmin(snapshot)::text::bigint, pg_snapshot_xmax(snapshot)::text::bigint
    FROM pg_current_snapshot() AS snapshot
"""
# Who holds it: a transaction that was begun and never ended, or one that was prepared and forgotten.
_OLDEST: Final = """
    SELECT coalesce(max(pid::text || ' ' || application_name), 'a prepared transaction or another database')
    FROM pg_stat_activity
    WHERE backend_xid IS NOT NULL AND age(backend_xid) = (
        SELECT max(age(backend_xid)) FROM pg_stat_activity WHERE backend_xid IS NOT NULL
    )
"""


class Stillness:
    """How long the horizon has stood still, from looks at it. Pure."""

    def __init__(self) -> None:
        self._horizon = -1
        self._since = 0.0
        self.seconds = 0.0
        """Since when the oldest transaction has been under way, as far as it was seen; 0 when none is."""

    def look(self, horizon: int, following: int, now: float) -> bool:
        """
        Take a look into account; return whether the alarm is to be raised, which is once for each time it stalls.

        Args:
            horizon: the oldest transaction that may still commit.
            following: the next one that will begin. When it is the horizon nothing is under way.
            now: seconds.
        """
        if horizon != self._horizon or horizon == following:
            self._horizon, self._since = horizon, now
        was_still, self.seconds = self.seconds > _ALARM_SECONDS, now - self._since
        return self.seconds > _ALARM_SECONDS and not was_still


class HorizonWatch:
    """Looks at the horizon every ten seconds, and raises the alarm when it has stood still for a minute."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool
        self._stillness = Stillness()

    @property
    def age_seconds(self) -> float:
        """How long the horizon has stood still; 0 while it moves or there is nothing to wait for."""
        return self._stillness.seconds

    async def run(self) -> None:
        """Look for ever."""
        while True:
            with contextlib.suppress(Unavailable):  # others say so
                await self._look()
            await asyncio.sleep(_LOOK_SECONDS)

    async def _look(self) -> None:
        async with self._pool.connection() as connection:
            horizon, following = await connection.fetchrow(_LOOK)
            if self._stillness.look(horizon, following, time.monotonic()):
                holder = await connection.fetchval(_OLDEST)
                _log.warning(
                    "the log's horizon stands still: readers get nothing new until the oldest transaction ends",
                    extra={"seconds": round(self.age_seconds), "holder": holder},
                )
