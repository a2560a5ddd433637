"""What is saved, in Postgres."""

import datetime
import uuid
from collections.abc import Sequence
from typing import Any, Final

import asyncpg
from mirante.api.metrics.v1.saved_report_pb2 import SavedInfo

from services.metrics.analytics.saved.changes import Noted, note_change
from services.metrics.analytics.saved.kinds import SavedKind
from services.metrics.analytics.saved.rows import FIELDS, SavedRow, saved_row
from services.runtime.errors import AlreadyExists, EtagMismatch, InvalidRequest, NotFound
from services.runtime.postgres.pool import PostgresPool

MOST_SAVED: Final = 500
"""Of a kind in an environment."""
MOST_BYTES: Final = 3_000_000
"""Of all of them together: they are listed in one message, of which gRPC takes 4 MiB."""

_LIST: Final = f"SELECT {FIELDS} FROM analytics_saved WHERE environment = $1 AND kind = $2 ORDER BY name, id LIMIT $3"  # noqa: S608 - constants only
_GET: Final = f"SELECT {FIELDS} FROM analytics_saved WHERE environment = $1 AND kind = $2 AND id = $3"  # noqa: S608 - as above
_INSERT: Final = f"""
    INSERT INTO analytics_saved
        (environment, kind, id, name, description, content, revision, created_at, created_by, updated_at, updated_by)
    SELECT $1::text, $2::smallint, $3::uuid, $4::text, $5::text, $6::bytea, 1, $7::timestamptz, $8::text, $7, $8
    WHERE (SELECT count(*) FROM analytics_saved WHERE environment = $1 AND kind = $2) < $9::bigint RETURNING {FIELDS}
"""  # noqa: S608 - as above
_UPDATE: Final = f"""
    UPDATE analytics_saved SET name = $4, description = $5, content = $6, revision = revision + 1, updated_at = $7,
        updated_by = $8
    WHERE environment = $1 AND kind = $2 AND id = $3 AND revision = $9 RETURNING {FIELDS}
"""  # noqa: S608 - as above
_OTHERS: Final = """
    SELECT coalesce(sum(octet_length(name) + octet_length(description) + octet_length(content) + 200), 0)
    FROM analytics_saved WHERE environment = $1 AND kind = $2 AND id <> $3
"""
_DELETE: Final = f"""
    DELETE FROM analytics_saved WHERE environment = $1 AND kind = $2 AND id = $3 AND revision = $4 RETURNING {FIELDS}
"""  # noqa: S608 - as above


class PostgresSaved:
    """
    What is saved of one kind; every change is noted in its own transaction. All methods raise `Unavailable` when the
    database does not answer.

    Args:
        pool: of connections.
        kind: see there.
    """

    def __init__(self, pool: PostgresPool, kind: SavedKind) -> None:
        self._pool = pool
        self._kind = kind

    async def all(self, environment: str) -> Sequence[SavedRow]:
        """Return everything, by name."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_LIST, environment, self._kind.number, MOST_SAVED)
        return [saved_row(row) for row in rows]

    async def get(self, environment: str, saved_id: str) -> SavedRow:
        """Return one; raise NotFound."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(_GET, environment, self._kind.number, self._uuid(saved_id))
        if row is None:
            raise self._missing(saved_id)
        return saved_row(row)

    async def create(
        self, environment: str, info: SavedInfo, content: bytes, actor: str, now: datetime.datetime
    ) -> SavedRow:
        """
        Save something new.

        Raises:
            AlreadyExists: the name is taken.
            InvalidRequest: there are as many, or as much, as may be.
        """
        saved_id = uuid.uuid4()
        await self._require_room(environment, saved_id, content)
        arguments = (environment, self._kind.number, saved_id, info.name, info.description, content, now, actor)
        row = await self._changed(environment, Noted("create", actor, now), _INSERT, *arguments, MOST_SAVED)
        if row is None:
            raise InvalidRequest.of(self._kind.field, f"there are {MOST_SAVED} already: delete some first")
        return saved_row(row)

    async def update(
        self, environment: str, info: SavedInfo, content: bytes, actor: str, now: datetime.datetime
    ) -> SavedRow:
        """
        Replace something, as it was read in the revision that `info` names.

        Raises:
            NotFound: there is none.
            EtagMismatch: it was changed since.
            AlreadyExists: the name is taken.
            InvalidRequest: there is as much as may be.
        """
        saved_id = self._uuid(info.id)
        await self._require_room(environment, saved_id, content)
        arguments = (environment, self._kind.number, saved_id, info.name, info.description, content, now)
        noted = Noted("update", actor, now)
        row = await self._changed(environment, noted, _UPDATE, *arguments, actor, info.revision)
        if row is None:
            raise await self._conflict(environment, info.id)
        return saved_row(row)

    async def delete(self, environment: str, saved_id: str, revision: int, actor: str, now: datetime.datetime) -> None:
        """
        Delete something as it was read in a revision.

        Raises:
            NotFound: there is none.
            EtagMismatch: it was changed since.
        """
        arguments = (environment, self._kind.number, self._uuid(saved_id), revision)
        if await self._changed(environment, Noted("delete", actor, now), _DELETE, *arguments) is None:
            raise await self._conflict(environment, saved_id)

    async def _require_room(self, environment: str, saved_id: uuid.UUID, content: bytes) -> None:
        async with self._pool.connection() as connection:
            others = await connection.fetchval(_OTHERS, environment, self._kind.number, saved_id)
        if others + len(content) > MOST_BYTES:
            raise InvalidRequest.of(
                self._kind.field,
                f"all that is saved of this kind may have {MOST_BYTES // 10**6} MB: delete some first",
            )

    async def _changed(self, environment: str, noted: Noted, statement: str, *arguments: Any) -> Any:
        try:
            async with self._pool.transaction() as connection:
                row = await connection.fetchrow(statement, *arguments)
                if row is not None:
                    await note_change(connection, environment, self._kind, row, noted)
                return row
        except asyncpg.UniqueViolationError:
            name = str(arguments[3])
            raise AlreadyExists(
                f"there is a {self._kind.what} with the name {name!r} already", metadata={"key": name}
            ) from None

    async def _conflict(self, environment: str, saved_id: str) -> EtagMismatch | NotFound:
        try:
            stored = await self.get(environment, saved_id)
        except NotFound as error:
            return error
        return EtagMismatch(
            f"the {self._kind.what} was changed since it was read: read it again, and change that",
            metadata={"etag": str(stored.info.revision)},
        )

    def _uuid(self, saved_id: str) -> uuid.UUID:
        try:
            return uuid.UUID(saved_id)
        except ValueError:
            raise self._missing(saved_id[:100]) from None

    def _missing(self, saved_id: str) -> NotFound:
        return NotFound(
            f"there is no {self._kind.what} {saved_id!r}",
            reason=self._kind.missing,
            metadata={self._kind.id_field: saved_id},
        )
