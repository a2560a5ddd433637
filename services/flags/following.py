"""Keeps catalog and keys current: by hints when they come, and by a slow poll in any case."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from services.flags.catalog import FlagCatalog
from services.flags.change_feed import ChangeFeed, Notice, RulesChanged
from services.runtime.coalesced import Coalesced
from services.runtime.errors import NotFound, Unavailable
from services.runtime.keys.keyring import KeyRing

_log = logging.getLogger(__name__)


class Follower:
    """Reads what has changed. While the database is away everything stays as it is, and is caught up afterwards."""

    def __init__(self, catalog: FlagCatalog, keys: KeyRing, feed: ChangeFeed) -> None:
        self._catalog = catalog
        self._feed = feed
        self.read_keys = Coalesced(keys.refresh)
        """Read the API keys; raises Unavailable."""
        self.read_rules = Coalesced(catalog.poll)
        """Read the rules of all environments; raises Unavailable."""
        self._reachable = True
        self._reading: set[asyncio.Task[None]] = set()

    async def poll(self, seconds: float) -> None:
        """Read everything every so often; for ever."""
        while True:
            await self._try(self._read_all)
            await asyncio.sleep(seconds)

    async def listen(self) -> None:
        """Read what hints name; for ever."""
        async for hint in self._feed.hints():
            if isinstance(hint, RulesChanged):
                self._start(partial(self._read_environment, hint))
            elif hint is Notice.KEYS_CHANGED:
                self._start(self.read_keys)
            else:
                self._start(self._read_all)

    async def _read_all(self) -> None:
        await self.read_keys()
        await self.read_rules()

    async def _read_environment(self, hint: RulesChanged) -> None:
        try:
            if self._catalog.snapshot(hint.environment).head.revision >= hint.revision:
                return
        except NotFound:
            await self.read_rules()
        else:
            await self._catalog.refresh(hint.environment)

    def _start(self, read: Callable[[], Awaitable[None]]) -> None:
        # Reads of the same thing are coalesced, so there are never many.
        task = asyncio.create_task(self._try(read))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    async def _try(self, read: Callable[[], Awaitable[None]]) -> None:
        try:
            await read()
        except Unavailable:
            if self._reachable:
                _log.warning("the database does not answer: going on with the rules as they are")
            self._reachable = False
        except Exception:  # noqa: BLE001 - following goes on whatever happens
            _log.exception("what has changed could not be read")
        else:
            if not self._reachable:
                _log.info("the database answers again")
            self._reachable = True
