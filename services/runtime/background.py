"""Work that goes on beside the calls for as long as a process serves."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

_log = logging.getLogger(__name__)

_PAUSE_SECONDS: Final = 1.0


@asynccontextmanager
async def in_background(*endless: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Run each of these for the time of the block. One that fails is logged and begun again."""
    tasks = [asyncio.create_task(_keep_running(work)) for work in endless]
    try:
        yield
    finally:
        left = set(tasks)
        while left:
            # More than once: libraries have been seen to lose a cancellation.
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=_PAUSE_SECONDS)


async def first_of(*work: Awaitable[None]) -> None:
    """Return when one of these ends, or raise what it raised; the others are cancelled."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_running(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except Exception:  # noqa: BLE001 - a fault must not end what the service lives on
            _log.exception("background work failed and is begun again")
        await asyncio.sleep(_PAUSE_SECONDS)
