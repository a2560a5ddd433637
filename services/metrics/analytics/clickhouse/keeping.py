"""Keeps the tables of all environments up with the log, for as long as this process leads."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Final

from services.metrics.analytics.clickhouse.intake import ClickHouseIntake
from services.metrics.analytics.clickhouse.server import ClickHouseServer
from services.metrics.analytics.clickhouse.trait_keeping import ClickHouseTraitKeeper
from services.metrics.analytics.store.gathering import gathered
from services.metrics.analytics.store.people import Split, SplitUnclear
from services.metrics.analytics.store.trait_keeping import LOOK_SECONDS, TraitSource
from services.metrics.analytics.store.writing import LogUnreadable
from services.metrics.following import LogRestored, RawEventLog
from services.runtime.background import in_background
from services.runtime.errors import Unavailable

_log = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 1.0


class ClickHouseKeeper:
    """
    Writes the table of an environment while this process leads.

    Args:
        environment: its key.
        server: where the tables are.
        log: of events.
        leads: whether this process leads.
        gather_seconds: how long is gathered what is inserted together.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        environment: str,
        server: ClickHouseServer,
        log: RawEventLog,
        leads: Callable[[], bool],
        *,
        gather_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self._environment = environment
        self._server = server
        self._log = log
        self._leads = leads
        self._gather_seconds = gather_seconds
        self._clock = clock
        self._settled: frozenset[Split] | None = None

    async def run(self) -> None:
        """Keep the table whenever this process leads; for ever."""
        while True:
            if self._leads():
                try:
                    await self._keep()
                except (Unavailable, LogUnreadable, EOFError) as error:
                    _log.warning(
                        "the events in ClickHouse are not kept: trying again",
                        extra={"environment": self._environment, "error": f"{type(error).__name__}: {error}"},
                    )
            await asyncio.sleep(_LOOK_SECONDS)

    async def _keep(self) -> None:
        intake = await asyncio.to_thread(ClickHouseIntake, self._server, self._environment, self._clock, self._settled)
        try:
            async with self._log.follow_raw(self._environment, intake.build.manifest.cursor) as responses:
                async for some in gathered(responses, self._gather_seconds):
                    if not self._leads():
                        return
                    await asyncio.to_thread(intake.take, some)
        except LogRestored:
            _log.warning("the log was restored: ClickHouse gets it anew", extra={"environment": self._environment})
            await asyncio.to_thread(intake.drop_all)
        except SplitUnclear:
            _log.warning(
                "whose some events are is said by the log alone: ClickHouse gets it anew",
                extra={"environment": self._environment},
            )
            await asyncio.to_thread(intake.make_anew)
        finally:
            self._settled = intake.settled


class ClickHouseKeepers:
    """
    Keeps every environment that it may; arguments as of `ClickHouseKeeper` and `ClickHouseTraitKeeper`.

    Args:
        known: returns the environments that can be followed now.
        traits: of users; None when they are not kept.
        trait_seconds: how often changes of traits are looked for.
    """

    def __init__(
        self,
        known: Callable[[], frozenset[str]],
        server: ClickHouseServer,
        log: RawEventLog,
        leads: Callable[[], bool],
        *,
        gather_seconds: float,
        clock: Callable[[], float],
        traits: TraitSource | None = None,
        trait_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._known = known
        self._traits = traits
        self._trait_keeper = partial(ClickHouseTraitKeeper, server=server, leads=leads, look_seconds=trait_seconds)
        self._keeper = partial(
            ClickHouseKeeper, server=server, log=log, leads=leads, gather_seconds=gather_seconds, clock=clock
        )

    async def run(self) -> None:
        """Keep what there is, and what is added; for ever."""
        kept: set[str] = set()
        async with AsyncExitStack() as stack:
            while True:
                for environment in self._known() - kept:
                    kept.add(environment)
                    await stack.enter_async_context(in_background(self._keeper(environment).run))
                    if self._traits is not None:
                        traits = self._trait_keeper(environment, source=self._traits)
                        await stack.enter_async_context(in_background(traits.run))
                await asyncio.sleep(_LOOK_SECONDS)
