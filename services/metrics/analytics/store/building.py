"""Keeps one build of a store up with the log."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from services.metrics.analytics.store.gathering import gathered
from services.metrics.analytics.store.people import Split
from services.metrics.analytics.store.publishing import Publisher
from services.metrics.analytics.store.tidy_plan import are_many
from services.metrics.analytics.store.tidying import Tidier
from services.metrics.analytics.store.writing import LogIntake
from services.metrics.following import RawEventLog

_IDLE_SECONDS: Final = 1.0
_MOST_WAIT_SECONDS: Final = 2.0
"""So long the log waits for segments that wait to be tidied: some more of them are better than to fall behind."""


class BuildKeeper:
    """
    Takes the log in, and tidies, for as long as it runs.

    Args:
        environment: whose log.
        log: of events.
        publisher: of the build.
        gather_seconds: how long is gathered what becomes a segment.
        clock: seconds since 1970.
        settled: see `Tidier`.

    Attributes:
        caught_up: is set when everything that the log had is in.
        began_at: when keeping it began, seconds since 1970.
    """

    def __init__(
        self,
        environment: str,
        log: RawEventLog,
        publisher: Publisher,
        *,
        gather_seconds: float,
        clock: Callable[[], float],
        settled: frozenset[Split] | None = None,
    ) -> None:
        self._environment = environment
        self._log = log
        self._gather_seconds = gather_seconds
        self.publisher = publisher
        self.intake = LogIntake(publisher, clock)
        self.tidier = Tidier(publisher, clock, settled)
        self.caught_up = asyncio.Event()
        self.began_at = clock()
        self._tidied = asyncio.Event()
        self._has_work = True

    async def follow(self) -> None:
        """
        Take the log in for ever.

        Raises:
            LogRestored: the build is of a log that is no more.
            Unavailable: the log does not answer.
            LogUnreadable, Deposed, OSError: see `LogIntake`.
        """
        async with self._log.follow_raw(self._environment, self.publisher.manifest.cursor) as responses:
            async for some in gathered(responses, self._gather_seconds):
                await self._room()
                manifest = await asyncio.to_thread(self.intake.take, some)
                if manifest.at_end:
                    self.caught_up.set()

    async def _room(self) -> None:
        # What waits for its time, such as segments of many tenants, keeps nobody waiting.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_MOST_WAIT_SECONDS):
                while self._has_work and are_many(self.publisher.manifest):
                    self._tidied.clear()
                    await self._tidied.wait()

    async def tidy(self) -> None:
        """Tidy for ever. Raises what `Tidier.step` does."""
        while True:
            self._has_work = await asyncio.to_thread(self.tidier.step)
            self._tidied.set()
            if not self._has_work:
                await asyncio.sleep(_IDLE_SECONDS)
