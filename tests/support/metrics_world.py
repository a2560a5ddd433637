"""A log, roll-ups, and processes of the metrics service that come and go, all in memory."""

import asyncio
import contextlib
from collections.abc import Mapping

from services.metrics.definitions.reading import default_metrics
from services.metrics.following.follower import Follower
from services.metrics.live.keeping import Limits
from services.metrics.live.plan import Plan
from services.metrics.rollups.rows import by_minute
from tests.support.metrics_events import NOW
from tests.support.metrics_log import Leading, MemoryLog, MemoryRollups
from tests.support.serving import eventually

PLAN = Plan(default_metrics())


class World:
    """A log, roll-ups, and processes that come and go."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now
        self.log = MemoryLog(lambda: self.now)
        self.rollups = MemoryRollups()
        self.changes: list[Mapping[str, int]] = []

    def follower(self, *, leads: bool = True) -> Follower:
        """Return a process that has just started."""
        return Follower(
            "production",
            PLAN,
            self.log,
            self.rollups,
            Leading(self.rollups if leads else None),
            clock=lambda: self.now,
            on_change=self.changes.append,
            flush_seconds=0.001,
            retry_seconds=0.001,
            limits=Limits(),
        )

    @property
    def all_written(self) -> bool:
        """Whether the whole log is in the roll-ups."""
        return self.rollups.cursor == b"%d/%d" % (self.log.epoch, len(self.log.entries))

    async def until_written(self) -> None:
        """Run processes, each after the last has ended, until everything is written."""
        follower = self.follower()
        task = asyncio.ensure_future(follower.run())

        async def written() -> bool:
            return self.all_written

        try:
            await eventually(written)
        finally:
            await ended(task)

    def sales_written(self) -> dict[int, int]:
        """Return the sales by minute that the roll-ups hold."""
        return {
            minute: int(number.value or 0)
            for key, minute, number in by_minute(self.rollups.stored)
            if key.metric == "vendas_hora"
        }


async def ended(task: "asyncio.Future[None]") -> None:
    """End a process."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
