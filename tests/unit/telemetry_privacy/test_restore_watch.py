"""A database that is exchanged under a running service is noticed."""

import asyncio
import uuid

from services.runtime.errors import Unavailable
from services.telemetry.privacy.restore_watch import RestoreWatch
from tests.support.probes import going_on

FIRST, SECOND = uuid.uuid4(), uuid.uuid4()


async def test_erasures_are_compared_once_for_each_epoch() -> None:
    """Also when the database, and then the ledger, does not answer at first."""
    epochs: list[uuid.UUID | None] = [FIRST, None, SECOND, SECOND]
    compared: list[uuid.UUID] = []
    looks = 0
    done = asyncio.Event()

    async def epoch() -> uuid.UUID:
        nonlocal looks
        looks += 1
        found = epochs.pop(0) if epochs else SECOND
        if looks == 7:
            done.set()
        if found is None:
            raise Unavailable("the database does not answer")
        return found

    async def reapply() -> None:
        compared.append(SECOND)
        if len(compared) == 1:
            raise Unavailable("the ledger cannot be reached")

    async with going_on(RestoreWatch(epoch, FIRST, reapply, seconds=0).run()), asyncio.timeout(60):
        await done.wait()
    assert len(compared) == 2
