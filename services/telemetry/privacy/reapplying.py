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

from services.telemetry.privacy import postgres_requests as requests
from services.telemetry.privacy.erasures import Erasures
from services.telemetry.privacy.ledger import Entry, Ledger
from services.telemetry.privacy.postgres_condemning import Condemning
from services.telemetry.privacy.requests import ERASE_SUBJECT, ERASE_TENANT, Asked, Place, Request

_log = logging.getLogger(__name__)

AGAIN: Final = Asked("mirante", "again, because a backup was restored")

_TOMBSTONES: Final = "SELECT environment, tenant, subject_hash FROM tombstones ORDER BY number"


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

        Raises:
            Unavailable: the database, the archives or the live state do not answer; call again.
        """
        async with self._condemning.alone() as connection:
            entries = await self._ledger.read()
            again = await self._lost_by_database(connection, entries)
            again += await self._lost_by_archives(connection, entries)
        if again:
            _log.warning("a backup was restored: erasures are applied again", extra={"erasures": again})
        return await self._erasures.resume()

    async def _lost_by_database(self, connection: Any, entries: Sequence[Entry]) -> int:
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
        for entry in entries:
            # All of them: a request that went on after it was cut short has several lines.
            if not entry.is_tenant:
                await self._condemning.bury(connection, entry.place, entry.subject_hashes)
        return len(lost)

    async def _lost_by_archives(self, connection: Any, entries: Sequence[Entry]) -> int:
        written = {(entry.place, digest) for entry in entries for digest in entry.subject_hashes}
        unwritten: dict[Place, list[bytes]] = defaultdict(list)
        for environment, tenant, digest in await connection.fetch(_TOMBSTONES):
            place = Place(environment, tenant)
            if (place, digest) not in written:
                unwritten[place].append(digest)
        lines = []
        for place, hashes in unwritten.items():
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
