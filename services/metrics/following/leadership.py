"""Which process writes the roll-ups: one at a time."""

import asyncio
import logging
from typing import Final

from services.metrics.rollups import RollupWriter
from services.metrics.rollups.postgres import LeaderRollups
from services.runtime.errors import Unavailable
from services.runtime.postgres.leadership import leading

_log = logging.getLogger(__name__)

LOCK: Final = 0x6D69725F6D657472
"""The advisory lock "mir_metr"."""

_RETRY_SECONDS: Final = 1.0


class Leadership:
    """
    Tries to lead for as long as `run` runs.

    Attributes:
        writer: what writes roll-ups, while this process leads.
        lead: what else the leader does on the connection that holds the lock; None while this process does not lead.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self.writer: RollupWriter | None = None
        self.lead: LeaderRollups | None = None
        self._decided = asyncio.Event()
        self._changed = asyncio.Event()

    async def decided(self) -> None:
        """Wait until it is known whether this process leads or somebody else does."""
        await self._decided.wait()

    async def another_writer(self, known: RollupWriter | None) -> None:
        """Wait until there is a writer, and not this one."""
        while self.writer is None or self.writer is known:
            changed = self._changed
            await changed.wait()

    async def run(self) -> None:
        """Lead whenever nobody else does; for ever."""
        while True:
            try:
                await self._lead()
            except Unavailable as error:
                _log.warning("not leading", extra={"error": error.message})
            finally:
                self.lead = None
                self._set(None)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _lead(self) -> None:
        async with leading(self._url, "metrics", LOCK) as connection:
            if connection is None:
                self._decided.set()
                return
            writer = self.lead = LeaderRollups(connection)
            self._set(writer)
            self._decided.set()
            _log.info("leading")
            while True:
                await asyncio.sleep(_RETRY_SECONDS)
                await writer.check()

    def _set(self, writer: RollupWriter | None) -> None:
        if writer is not self.writer:
            self.writer = writer
            self._changed.set()
            self._changed = asyncio.Event()
