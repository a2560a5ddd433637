"""Notices that a backup took the place of the database while this process served, and applies erasures again."""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable
from typing import Final

from services.runtime.errors import Unavailable

_log = logging.getLogger(__name__)

_SECONDS: Final = 2.0


class RestoreWatch:
    """
    Compares the log's epoch with the one that is known.

    Args:
        epoch: reads the present one.
        known: that in which erasures were compared last.
        reapply: compares the ledger with the database.
        seconds: between two looks.
    """

    def __init__(
        self,
        epoch: Callable[[], Awaitable[uuid.UUID]],
        known: uuid.UUID,
        reapply: Callable[[], Awaitable[object]],
        seconds: float = _SECONDS,
    ) -> None:
        self._epoch = epoch
        self._known = known
        self._reapply = reapply
        self._seconds = seconds

    async def run(self) -> None:
        """Look for ever. While the database or the ledger does not answer, the next look does it."""
        while True:
            await asyncio.sleep(self._seconds)
            try:
                found = await self._epoch()
                if found != self._known:
                    await self._reapply()
                    self._known = found
            except Unavailable as error:
                _log.info("whether a backup was restored is not known", extra={"error": error.message})
