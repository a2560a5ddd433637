"""One transaction that changes an environment."""

import datetime
from collections.abc import Sequence
from typing import Final

import asyncpg

from services.flags.store import Entry, EnvironmentHead, Kind
from services.flags.store.absence import no_environment
from services.flags.store.postgres_rollouts import PostgresRolloutChange
from services.flags.store.records import Action, Author, Definition, PastVersion, Record, kind_of, serialised
from services.flags.store.rows import (
    HEAD_COLUMNS,
    RECORD_COLUMNS,
    entry,
    filter_columns,
    head,
    past_version,
    record,
)

_LOCK: Final = f"SELECT {HEAD_COLUMNS} FROM environments AS e WHERE e.key = $1 FOR UPDATE"  # noqa: S608 - constants only
# Asked for once the lock is held, so that an earlier revision never has a later time, even if the clock stepped back.
_NOW: Final = "SELECT greatest(clock_timestamp(), $1)"
_FIND: Final = f"""
    SELECT {RECORD_COLUMNS} FROM definitions AS d WHERE d.environment = $1 AND d.kind = $2 AND d.key = $3
"""  # noqa: S608 - constants only
_RECORDS: Final = f"""
    SELECT {RECORD_COLUMNS} FROM definitions AS d WHERE d.environment = $1 ORDER BY d.kind, d.key
"""  # noqa: S608 - constants only
_SINCE: Final = """
    SELECT kind, key, version, revision, archived, definition FROM definitions WHERE environment = $1 AND revision > $2
"""
_SIZE: Final = """
    SELECT coalesce(sum(octet_length(definition)), 0)::bigint FROM definitions WHERE environment = $1 AND NOT archived
"""
_VERSION: Final = "SELECT * FROM definition_history WHERE environment = $1 AND kind = $2 AND key = $3 AND version = $4"
_WRITE: Final = """
    WITH history AS (
        INSERT INTO definition_history
            (environment, kind, key, version, revision, archived, definition, at, actor, action, key_id, comment)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $9, $10, $16, $17, $18)
    )
    INSERT INTO definitions AS d
        (environment, kind, key, version, revision, archived, definition, created_at, updated_at, updated_by,
         is_on, killed, owner, tags, search)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    ON CONFLICT (environment, kind, key) DO UPDATE SET
        version = excluded.version, revision = excluded.revision, archived = excluded.archived,
        definition = excluded.definition, updated_at = excluded.updated_at, updated_by = excluded.updated_by,
        is_on = excluded.is_on, killed = excluded.killed, owner = excluded.owner, tags = excluded.tags,
        search = excluded.search
"""
_ADVANCE: Final = "UPDATE environments SET revision = $2, revised_at = $3 WHERE key = $1"


class PostgresChange:
    """The `Change` on Postgres. Holds the lock on the environment's row until its transaction ends."""

    def __init__(
        self, connection: asyncpg.Connection, at_head: EnvironmentHead, at: datetime.datetime, author: Author
    ) -> None:
        self.head = at_head
        self.at = at
        self.rollouts = PostgresRolloutChange(connection, at_head.key)
        self._connection = connection
        self._author = author
        self._rows: list[tuple[object, ...]] = []

    @classmethod
    async def begin(cls, connection: asyncpg.Connection, environment: str, author: Author) -> "PostgresChange":
        """Lock the environment; raise `NotFound` when there is none."""
        row = await connection.fetchrow(_LOCK, environment)
        if row is None:
            raise no_environment(environment)
        at: datetime.datetime = await connection.fetchval(_NOW, row["revised_at"])
        return cls(connection, head(row), at, author)

    @property
    def revision(self) -> int:
        """See `Change`."""
        return self.head.revision + 1

    @property
    def written(self) -> bool:
        """See `Change`."""
        return bool(self._rows)

    async def find(self, kind: Kind, key: str) -> Record | None:
        """See `Change`."""
        row = await self._connection.fetchrow(_FIND, self.head.key, kind.value, key)
        return None if row is None else record(row)

    async def records(self) -> Sequence[Record]:
        """See `Change`."""
        return [record(row) for row in await self._connection.fetch(_RECORDS, self.head.key)]

    async def entries_since(self, revision: int) -> Sequence[Entry]:
        """See `Change`."""
        return [entry(row) for row in await self._connection.fetch(_SINCE, self.head.key, revision)]

    async def size(self) -> int:
        """See `Change`."""
        size: int = await self._connection.fetchval(_SIZE, self.head.key)
        return size

    async def version(self, kind: Kind, key: str, version: int) -> PastVersion | None:
        """See `Change`."""
        row = await self._connection.fetchrow(_VERSION, self.head.key, kind.value, key, version)
        return None if row is None else past_version(row)

    def put(
        self, definition: Definition, previous: Record | None, action: Action, *, comment: str, archived: bool = False
    ) -> Record:
        """See `Change`."""
        definition.version = previous.version + 1 if previous else 1
        new = Record(
            kind=kind_of(definition),
            key=definition.key,
            version=definition.version,
            revision=self.revision,
            archived=archived,
            definition=serialised(definition),
            created_at=previous.created_at if previous else self.at,
            updated_at=self.at,
            updated_by=self._author.actor,
        )
        self._rows.append(
            (
                *(self.head.key, new.kind.value, new.key, new.version, new.revision, new.archived, new.definition),
                *(new.created_at, new.updated_at, new.updated_by),
                *filter_columns(definition),
                *(action.value, self._author.key_id, comment),
            )
        )
        return new

    async def write(self) -> None:
        """Write what was put; the caller commits."""
        await self.rollouts.write(self.revision if self._rows else 0)
        if not self._rows:
            return
        await self._connection.executemany(_WRITE, self._rows)
        await self._connection.execute(_ADVANCE, self.head.key, self.revision, self.at)
