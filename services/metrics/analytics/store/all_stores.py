"""The stores of all environments, kept by this process while it leads."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from services.metrics.analytics.store.folders import StoreFolder
from services.metrics.analytics.store.keeping import StoreKeeper
from services.metrics.analytics.store.trait_keeping import LOOK_SECONDS, TraitKeeper, TraitSource
from services.metrics.following import RawEventLog
from services.runtime.background import in_background

_LOOK_SECONDS: Final = 1.0


class AnalyticsStores:
    """
    Keeps the store of every environment that it may.

    Args:
        folder: of all stores.
        known: returns the environments that can be followed now.
        log: of events.
        leads: whether this process leads.
        gather_seconds: how long is gathered what becomes a segment.
        clock: seconds since 1970.
        traits: of users; None when they are not kept.
        trait_seconds: how often changes of traits are looked for.
    """

    def __init__(
        self,
        folder: Path,
        known: Callable[[], frozenset[str]],
        log: RawEventLog,
        leads: Callable[[], bool],
        *,
        gather_seconds: float,
        clock: Callable[[], float],
        traits: TraitSource | None = None,
        trait_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._folder = folder
        self._known = known
        self._log = log
        self._leads = leads
        self._gather_seconds = gather_seconds
        self._clock = clock
        self._traits = traits
        self._trait_seconds = trait_seconds
        self._kept: dict[str, StoreKeeper] = {}

    @property
    def kept(self) -> Mapping[str, StoreKeeper]:
        """What is kept, by environment."""
        return self._kept

    async def run(self) -> None:
        """Keep what there is, and what is added; for ever."""
        self._kept.clear()
        async with AsyncExitStack() as stack:
            while True:
                for environment in self._known() - self._kept.keys():
                    keeper = self._kept[environment] = StoreKeeper(
                        environment,
                        StoreFolder(self._folder, environment),
                        self._log,
                        self._leads,
                        gather_seconds=self._gather_seconds,
                        clock=self._clock,
                    )
                    await stack.enter_async_context(in_background(keeper.run))
                    if self._traits is not None:
                        traits = TraitKeeper(
                            environment,
                            StoreFolder(self._folder, environment),
                            self._traits,
                            self._leads,
                            look_seconds=self._trait_seconds,
                        )
                        await stack.enter_async_context(in_background(traits.run))
                await asyncio.sleep(_LOOK_SECONDS)
