"""Everything that is held about a person, in pages: however much there is, little of it is in memory."""

from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final, NamedTuple

from services.runtime.postgres.pool import PostgresPool
from services.telemetry.events.stored import EVENT
from services.telemetry.events.subjects import ANONYMOUS, USER
from services.telemetry.privacy import documents
from services.telemetry.privacy import postgres_requests as requests
from services.telemetry.privacy.archives import Archives, KeptEvent
from services.telemetry.privacy.postgres_condemning import Condemning, person
from services.telemetry.privacy.requests import EXPORT, Asked, Place

_PAGE: Final = 500

_PARTITIONS: Final = """
    SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'events'::regclass ORDER BY 1
"""
_EVENTS: Final = f"""
    SELECT xid::text AS xid, ord, received_at, body FROM {{partition}}
    WHERE environment = $1 AND tenant = $2 AND subject = ANY($3::text[]) AND kind = {EVENT}
        AND (xid, ord) > ($4::text::xid8, $5)
    ORDER BY {{partition}}.xid, ord LIMIT {_PAGE}
"""  # noqa: S608 - constants, and names of partitions
_DEAD_LETTERS: Final = f"""
    SELECT * FROM dead_letters
    WHERE environment = $1 AND tenant = $2 AND subject = ANY($3::text[]) AND id > $4::uuid ORDER BY id LIMIT {_PAGE}
"""  # noqa: S608 - constants only
_TRAITS: Final = """
    SELECT name, value, observed_at FROM traits WHERE environment = $1 AND tenant = $2 AND user_id = $3 ORDER BY name
"""
_JOINED: Final = """
    SELECT anonymous_id, joined_at FROM aliases WHERE environment = $1 AND tenant = $2 AND user_id = $3
    ORDER BY joined_at, anonymous_id
"""
_NO_ID: Final = "00000000-0000-0000-0000-000000000000"


class Document(NamedTuple):
    """One JSON object; `kind` as in `ExportSubjectResponse`."""

    kind: str
    json: str


class Exports:
    """Exports, each on record."""

    def __init__(self, pool: PostgresPool, condemning: Condemning, archives: Archives) -> None:
        self._pool = pool
        self._condemning = condemning
        self._archives = archives

    async def export(self, place: Place, subject: str, asked: Asked) -> AsyncGenerator[Document, None]:
        """
        Yield everything about a person: who they are, traits, dead letters, events, and what was asked for before.

        The request is on record before the first document, and complete after the last.

        Raises:
            StateConflict: the subject is an anonymous id that was joined to a user.
            Unavailable: the database does not answer.
        """
        async with self._pool.transaction() as connection:
            subjects = await person(connection, place, subject)
            digest = self._condemning.hash(place, subject)
            request = await requests.record(connection, EXPORT, place, digest, asked)
        counts: Counter[str] = Counter()
        async for document in self._documents(place, subjects):
            counts[document.kind] += 1
            yield document
        async with self._pool.transaction() as connection:
            for kind, number in counts.items():
                await requests.count(connection, request.id, kind, number)
            await requests.settle(connection, request.id, {})
            hashes = [self._condemning.hash(place, each) for each in subjects]
            on_record = await requests.of_subjects(connection, place, hashes)
        for each in on_record:
            yield Document("request", documents.request_document(each))

    async def _documents(self, place: Place, subjects: Sequence[str]) -> AsyncGenerator[Document, None]:
        actor = self._condemning.actors(place, subjects[:1])[0]
        async for document in self._identity(place, subjects[0], actor):
            yield document
        async for row in self._dead_letters(place, subjects):
            yield Document("dead_letter", documents.dead_letter_document(row))
        async for kept in self._events(place, subjects):
            yield Document("event", documents.event_document(kept, actor))

    async def _identity(self, place: Place, subject: str, actor: bytes) -> AsyncGenerator[Document, None]:
        if not subject.startswith(USER):
            devices = [(subject.removeprefix(ANONYMOUS), None)]
            yield Document("identity", documents.identity_document(place.tenant, "", devices, actor))
            return
        user_id = subject.removeprefix(USER)
        async with self._pool.connection() as connection:
            joined = await connection.fetch(_JOINED, place.environment, place.tenant, user_id)
            traits = await connection.fetch(_TRAITS, place.environment, place.tenant, user_id)
        devices = [(row["anonymous_id"], row["joined_at"]) for row in joined]
        yield Document("identity", documents.identity_document(place.tenant, user_id, devices, actor))
        if traits:
            yield Document("traits", documents.traits_document(place.tenant, user_id, traits))

    async def _dead_letters(self, place: Place, subjects: Sequence[str]) -> AsyncGenerator[Any, None]:
        last: Any = _NO_ID
        while True:
            async with self._pool.connection() as connection:
                rows = await connection.fetch(_DEAD_LETTERS, place.environment, place.tenant, subjects, last)
            for row in rows:
                yield row
            if len(rows) < _PAGE:
                return
            last = rows[-1]["id"]

    async def _events(self, place: Place, subjects: Sequence[str]) -> AsyncGenerator[KeptEvent, None]:
        async with self._pool.connection() as connection:
            partitions = [row[0] for row in await connection.fetch(_PARTITIONS)]
        async for portion in self._archives.read(place, subjects):
            for kept in portion:
                yield kept
        for partition in partitions:
            async for kept in self._events_in(partition, place, subjects):
                yield kept

    async def _events_in(
        self, partition: str, place: Place, subjects: Sequence[str]
    ) -> AsyncGenerator[KeptEvent, None]:
        query = _EVENTS.format(partition=partition)
        xid, order = "0", -1
        while True:
            async with self._pool.connection() as connection:
                rows = await connection.fetch(query, place.environment, place.tenant, subjects, xid, order)
            for row in rows:
                yield KeptEvent(row["received_at"], row["body"])
            if len(rows) < _PAGE:
                return
            xid, order = rows[-1]["xid"], rows[-1]["ord"]
