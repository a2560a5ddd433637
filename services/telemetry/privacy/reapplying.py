"""
Applies erasures again after a database or the archives were restored from an older backup.

The database and the ledger beside the archives hold the same erasures. One that only the ledger has was lost by
restoring the database, and its people are back there. One that only the database has was lost with the folder of the
archives.
"""

import datetime
import logging
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Final

from services.runtime.errors import Unavailable
from services.telemetry.privacy import postgres_requests as requests
from services.telemetry.privacy.erasures import Erasures
from services.telemetry.privacy.ledger import Entry, Ledger
from services.telemetry.privacy.postgres_condemning import Condemning
from services.telemetry.privacy.requests import ERASE_SUBJECT, ERASE_TENANT, Asked, Place, Request

_log = logging.getLogger(__name__)

AGAIN: Final = Asked("mirante", "again, because a backup was restored")

_TOMBSTONES: Final = "SELECT environment, tenant, subject_hash FROM tombstones"

Buried = tuple[Place, bytes]
"""Where, and whose hash."""


class Reapplying:
    """Compares the ledger with the database when a service starts."""

    def __init__(
        self, ledger: Ledger, condemning: Condemning, erasures: Erasures, clock: Callable[[], datetime.datetime]
    ) -> None:
        self._ledger = ledger
        self._condemning = condemning
        self._erasures = erasures
        self._clock = clock

    async def reapply(self) -> list[Request]:
        """
        Apply again what was lost, and go on with what was cut short; return those requests as they are now.

        Call it before anything is served. Safe at any time and by any number of replicas; quick when nothing was lost.
        When this returns nothing more of the erased is taken, and what came back is gone, unless something did not
        answer: then it is logged, and whoever looks after erasures that were cut short goes on.

        Raises:
            Unavailable: the database does not answer, or the ledger cannot be reached.
        """
        async with self._condemning.alone() as connection:
            entries = await self._ledger.read()
            buried = {
                (Place(environment, tenant), digest)
                for environment, tenant, digest in await connection.fetch(_TOMBSTONES)
            }
            again = await self._lost_by_database(connection, entries, buried)
            again += await self._lost_by_archives(connection, entries, buried)
        if again:
            _log.warning("a backup was restored: erasures are applied again", extra={"erasures": again})
        try:
            # Only for what was lost just now another erasure is waited for, so that no start hangs on somebody's work.
            return await self._erasures.resume(wait=again > 0)
        except Unavailable as error:
            _log.warning("erasures go on later", extra={"error": error.message})
            return []

    async def _lost_by_database(self, connection: Any, entries: Sequence[Entry], buried: set[Buried]) -> int:
        known = await requests.known(connection, [entry.request_id for entry in entries])
        lost = {entry.request_id: entry for entry in entries if entry.request_id not in known}
        for entry in lost.values():
            if entry.is_tenant:
                request = await requests.record(
                    connection, ERASE_TENANT, entry.place, b"", AGAIN, request_id=entry.request_id
                )
                await self._condemning.condemn_tenant(connection, request, entry.at)
            else:
                await requests.record(
                    connection, ERASE_SUBJECT, entry.place, entry.subject_hashes[0], AGAIN, request_id=entry.request_id
                )
        # Of all entries: a request that went on after it was cut short has several.
        for place, hashes in _by_place(_hashes_of(entries) - buried).items():
            await self._condemning.bury(connection, place, hashes)
        return len(lost)

    async def _lost_by_archives(self, connection: Any, entries: Sequence[Entry], buried: set[Buried]) -> int:
        lines = []
        for place, hashes in _by_place(buried - _hashes_of(entries)).items():
            request = await requests.record(connection, ERASE_SUBJECT, place, hashes[0], AGAIN)
            lines.append(Entry(request.id, place, self._clock(), tuple(hashes)))
        lines += await self._tenants_lost_by_archives(connection, {entry.request_id for entry in entries})
        if lines:
            await self._ledger.append(lines)
        return len(lines)

    async def _tenants_lost_by_archives(self, connection: Any, written: set[uuid.UUID]) -> list[Entry]:
        lines = []
        for old in await requests.of_kind(connection, ERASE_TENANT):
            if old.id not in written and old.bound is not None:
                request = await requests.record(connection, ERASE_TENANT, old.place, b"", AGAIN)
                await requests.place(connection, request.id, old.bound)
                lines += [Entry(each, old.place, old.bound.at, ()) for each in (old.id, request.id)]
        return lines


def _hashes_of(entries: Sequence[Entry]) -> set[Buried]:
    return {(entry.place, digest) for entry in entries for digest in entry.subject_hashes}


def _by_place(found: set[Buried]) -> dict[Place, list[bytes]]:
    by_place: dict[Place, list[bytes]] = defaultdict(list)
    for place, digest in found:
        by_place[place].append(digest)
    return by_place
