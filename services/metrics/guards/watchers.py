"""A watcher of guards for each environment."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Final

from services.metrics.guards.watcher import GuardWatcher
from services.runtime.background import in_background

_LOOK_SECONDS: Final = 1.0


class GuardWatchers:
    """
    Watches every environment that there is.

    Args:
        known: returns the environments.
        watcher: returns the watcher of one.
    """

    def __init__(self, known: Callable[[], frozenset[str]], watcher: Callable[[str], GuardWatcher]) -> None:
        self._known = known
        self._watcher = watcher
        self.watchers: dict[str, GuardWatcher] = {}

    async def run(self) -> None:
        """Watch what there is, and what is added; for ever."""
        async with AsyncExitStack() as stack:
            while True:
                for environment in self._known() - self.watchers.keys():
                    watcher = self.watchers[environment] = self._watcher(environment)
                    await stack.enter_async_context(in_background(watcher.run))
                await asyncio.sleep(_LOOK_SECONDS)
