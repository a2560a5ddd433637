"""First contact with what a service needs. A service that starts before its database waits for it."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

from services.runtime.errors import Unavailable
from services.runtime.postgres.outages import UNREACHABLE

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

_FIRST_DELAY, _LONGEST_DELAY = 0.1, 5.0


async def until_available(attempt: Callable[[], Awaitable[_T]]) -> _T:
    """Return what `attempt` returns, once the database answers."""
    failures = 0
    while True:
        try:
            return await attempt()
        except (Unavailable, asyncpg.PostgresError, *UNREACHABLE) as error:
            if isinstance(error, ValueError):
                raise
            if not failures:
                _log.warning("waiting for what the service needs", extra={"error": f"{type(error).__name__}: {error}"})
            failures += 1
        await asyncio.sleep(random.uniform(0.5, 1.0) * min(_LONGEST_DELAY, _FIRST_DELAY * 2 ** min(failures, 10)))
