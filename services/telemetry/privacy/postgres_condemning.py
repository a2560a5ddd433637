"""
The moment of an erasure: what comes before it is erased, what comes after it refused or, of a tenant, new.

Each function is one short transaction that no writer overlaps: it holds `ERASURE_LOCK` alone.
"""

import datetime
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2

from services.runtime.errors import StateConflict
from services.runtime.postgres.pool import PostgresPool
from services.telemetry.events.locks import ERASURE_LOCK
from services.telemetry.events.stored import ERASURE, TENANT_ERASURE
from services.telemetry.events.subjects import ANONYMOUS, USER, actor_id, subject_hash
from services.telemetry.identity.log_entries import append_entry
from services.telemetry.privacy import postgres_requests as requests
from services.telemetry.privacy.ledger import Entry, Ledger
from services.telemetry.privacy.postgres_deleting import delete_all_rows
from services.telemetry.privacy.requests import ERASE_SUBJECT, Asked, Bound, Doomed, Place, Request

_SECONDS: Final = 60.0

_LOCK: Final = "SELECT pg_advisory_xact_lock($1)"
# Statements see the time at which the lock was had, not that at which the transaction began.
_NOW: Final = "SELECT clock_timestamp()"
_DEVICES: Final = """
    SELECT anonymous_id FROM aliases WHERE environment = $1 AND tenant = $2 AND user_id = $3 ORDER BY anonymous_id
"""
_IS_JOINED: Final = """
    SELECT EXISTS (SELECT FROM aliases WHERE environment = $1 AND tenant = $2 AND anonymous_id = $3)
"""
_ENTRY: Final = f"""
    SELECT body FROM events WHERE xid = $1::text::xid8 AND kind = {ERASURE} AND environment = $2
"""  # noqa: S608 - constants only
_TOMBSTONES: Final = """
    INSERT INTO tombstones (environment, tenant, subject_hash)
    SELECT $1, $2, unnest($3::bytea[])
    ON CONFLICT DO NOTHING
"""


class Condemning:
    """Writes tombstones and the entries that tell readers of the log what to forget."""

    def __init__(self, pool: PostgresPool, ledger: Ledger, hash_secret: bytes) -> None:
        self._pool = pool
        self._ledger = ledger
        self._secret = hash_secret

    async def subject(self, place: Place, subject: str, asked: Asked) -> tuple[Request, tuple[str, ...]]:
        """
        Condemn a person; return the request on record and all their subjects.

        A request that was cut short goes on. The ledger has the erasure before the database commits it.

        Raises:
            StateConflict: the subject is an anonymous id that was joined to a user.
            Unavailable: the database does not answer, or the ledger cannot be written; nothing was changed.
        """
        async with self.alone() as connection:
            subjects = await person(connection, place, subject)
            hashes = [self.hash(place, each) for each in subjects]
            request = await requests.unfinished(connection, ERASE_SUBJECT, place, hashes[0])
            if request is None:
                request = await requests.record(connection, ERASE_SUBJECT, place, hashes[0], asked)
            await self.bury(connection, place, hashes)
            bound = await self.tell(connection, place, subjects)
            await requests.place(connection, request.id, bound)
            await self._ledger.append([Entry(request.id, place, bound.at, tuple(hashes))])
        return request, subjects

    async def tenant(self, request: Request) -> Bound:
        """
        Condemn all that a tenant has so far; return where that ends.

        Of traits, aliases and dead letters nothing is left then; what is written next is the tenant's new data. Most of
        them should have been deleted before, because everybody waits while this goes on.
        """
        async with self.alone() as connection:
            bound = await self.condemn_tenant(connection, request, None)
            await self._ledger.append([Entry(request.id, request.place, bound.at, ())])
        return bound

    async def condemn_tenant(self, connection: Any, request: Request, until: datetime.datetime | None) -> Bound:
        """Do the same in a transaction of `alone`, without the ledger; with `until` nothing newer is erased."""
        await delete_all_rows(connection, request.id, Doomed(request.place, None), until)
        entry = log_pb2.TenantErasure(tenant=request.place.tenant)
        position = await append_entry(
            connection, TENANT_ERASURE, request.place.environment, request.place.tenant, entry.SerializeToString()
        )
        bound = Bound(position, until or await connection.fetchval(_NOW))
        await requests.place(connection, request.id, bound)
        return bound

    async def told(self, connection: Any, request: Request) -> list[bytes]:
        """Return the actor ids in the entry of a person's erasure; empty when the entry is not in the database."""
        if request.bound is None:
            return []
        rows = await connection.fetch(_ENTRY, str(request.bound.position), request.place.environment)
        return [actor for row in rows for actor in log_pb2.ActorErasure.FromString(row[0]).actor_ids]

    def hash(self, place: Place, subject: str) -> bytes:
        """Return what stands for a subject on record."""
        return subject_hash(self._secret, place.environment, place.tenant, subject)

    def actors(self, place: Place, subjects: Sequence[str]) -> list[bytes]:
        """Return the ids that readers of the log know subjects by."""
        return [actor_id(self._secret, place.environment, place.tenant, subject) for subject in subjects]

    async def bury(self, connection: Any, place: Place, hashes: Sequence[bytes]) -> None:
        """Write the tombstones that are not there yet; the transaction must hold `ERASURE_LOCK` alone."""
        await connection.execute(_TOMBSTONES, place.environment, place.tenant, sorted(hashes))

    async def tell(self, connection: Any, place: Place, subjects: Sequence[str]) -> Bound:
        """Append the entry that makes readers forget, in the present transaction; return where it stands."""
        entry = log_pb2.ActorErasure(tenant=place.tenant, actor_ids=self.actors(place, subjects))
        position = await append_entry(connection, ERASURE, place.environment, place.tenant, entry.SerializeToString())
        return Bound(position, await connection.fetchval(_NOW))

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[Any]:
        """Lend a transaction that no writer overlaps."""
        async with self._pool.transaction(_SECONDS) as connection:
            await connection.execute(_LOCK, ERASURE_LOCK)
            yield connection


async def person(connection: Any, place: Place, subject: str) -> tuple[str, ...]:
    """
    Return all subjects of the person that a subject names: a user with the anonymous ids that were joined to it.

    Raises:
        StateConflict: the subject is an anonymous id that was joined: then it is only part of a person.
    """
    if subject.startswith(USER):
        rows = await connection.fetch(_DEVICES, place.environment, place.tenant, subject.removeprefix(USER))
        return subject, *(ANONYMOUS + row[0] for row in rows)
    anonymous_id = subject.removeprefix(ANONYMOUS)
    if await connection.fetchval(_IS_JOINED, place.environment, place.tenant, anonymous_id):
        raise StateConflict(
            "the anonymous id was joined to a user: name the user, of whom it is part",
            metadata={"state": "joined to a user"},
        )
    return (subject,)
