"""What happens right after a change was committed: this replica reads it, and the others are told."""

import asyncio
from typing import Final

from services.flags.catalog import FlagCatalog
from services.flags.change_feed import ChangeFeed, Hint, Notice, RulesChanged
from services.flags.following import Follower

_READ_SECONDS: Final = 2.0


class Announcer:
    """
    Called by the admin services after each commit, before they answer.

    So a caller finds its own change at this replica. Telling the others is not waited for.
    """

    def __init__(self, catalog: FlagCatalog, follower: Follower, feed: ChangeFeed) -> None:
        self._catalog = catalog
        self._follower = follower
        self._feed = feed
        self._publishing: set[asyncio.Task[None]] = set()

    async def rules_changed(self, environment: str, revision: int, _lineage: str) -> None:
        """Tell of a new revision of an environment, which may itself be new."""
        self._publish(RulesChanged(environment, revision))
        async with asyncio.timeout(_READ_SECONDS):
            await self._catalog.refresh(environment)

    async def keys_changed(self) -> None:
        """Tell that a key was created or revoked."""
        self._publish(Notice.KEYS_CHANGED)
        async with asyncio.timeout(_READ_SECONDS):
            await self._follower.read_keys()

    def _publish(self, hint: Hint) -> None:
        task = asyncio.create_task(self._feed.publish(hint))
        self._publishing.add(task)
        task.add_done_callback(self._publishing.discard)
