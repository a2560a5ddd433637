"""Moves days of the log from the database to files, and lets go of nothing that was not verified."""

import asyncio
import datetime
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg

from services.telemetry.events.locks import ARCHIVE_LOCK
from services.telemetry.log.archive_files import (
    CHECKSUM,
    ROWS_IN_GROUP,
    ArchiveDamaged,
    ArchiveWriter,
    Content,
    content_of,
    sha256_of,
)
from services.telemetry.log.partitions import EVENTS, SEAL, partition_of

_log = logging.getLogger(__name__)

_ROWS: Final = """
    SELECT
        xid::text::bigint, ord, kind, environment, tenant, subject, name, received_at, uuid_send(event_id), occurred_at,
        body
    FROM {partition}
    ORDER BY xid, ord
"""
_CONTENT: Final = f"""
    SELECT count(*), {CHECKSUM}, min(xid)::text::bigint, max(xid)::text::bigint FROM {{partition}}
"""  # noqa: S608 - constants only
_IS_SEALED: Final = "SELECT EXISTS (SELECT FROM pg_constraint WHERE conrelid = $1::text::regclass AND conname = $2)"
# It holds for every row that comes, and says nothing of those that are there: nothing is searched, and plans ignore it.
_SEAL: Final = f"ALTER TABLE {{partition}} ADD CONSTRAINT {SEAL} CHECK (false) NOT VALID"

_RECORDED: Final = "SELECT file, sha256 FROM archives WHERE day = $1"
_RECORD: Final = """
    INSERT INTO archives (day, file, entries, bytes, sha256, verified_at, lowest_xid, highest_xid)
    VALUES ($1, $2, $3, $4, $5, now(), $6, $7)
    ON CONFLICT (day) DO UPDATE
    SET file = $2, entries = $3, bytes = $4, sha256 = $5, verified_at = now(), lowest_xid = $6, highest_xid = $7
"""
_DROPPED: Final = "UPDATE archives SET dropped_at = now() WHERE day = $1 AND file = $2 AND sha256 = $3"


class ErasureUnderWay(Exception):
    """Somebody is being taken out of the log; no day is archived meanwhile."""


class Archiving:
    """
    Archives days into a folder that all replicas reach.

    Every method takes the leader's connection (`leading`). A day is sealed, written to a file, read back and compared
    with the database, recorded, and only then dropped; wherever this is cut short, the next round goes on there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def seal(self, connection: asyncpg.Connection, day: datetime.date) -> None:
        """
        Let a day take no rows any more.

        Waits for everybody who wrote one and is still to commit, a second at most; from then on readers may pass the
        day for good.
        """
        partition = partition_of(EVENTS, day)
        if not await connection.fetchval(_IS_SEALED, partition, SEAL):
            await connection.execute(_SEAL.format(partition=partition))

    async def archive(self, connection: asyncpg.Connection, day: datetime.date) -> None:
        """
        Make sure that there is a verified archive of a day, and drop the day.

        Raises:
            ArchiveDamaged: what was written is not what the database holds; nothing is dropped.
            OSError: the folder cannot be written to; nothing is dropped.
        """
        await self.seal(connection, day)
        async with _alone(connection):
            try:
                recorded = await self._verified(connection, day)
            except (ArchiveDamaged, FileNotFoundError) as error:
                # The database still has everything.
                _log.error("an archive is not what it was: written anew", extra={"day": str(day), "error": str(error)})
                recorded = None
            if recorded is None:
                await self._write(connection, day)
                recorded = await self._verified(connection, day)
            if recorded is None:
                raise ArchiveDamaged(f"the archive of {day} was not recorded")
            await self._drop(connection, day, *recorded)

    async def write(self, connection: asyncpg.Connection, day: datetime.date) -> None:
        """
        Write and record an archive of a day, which stays; whatever archive it had goes.

        Raises:
            OSError: the folder cannot be written to.
        """
        await self.seal(connection, day)
        async with _alone(connection):
            await self._write(connection, day)

    async def drop(self, connection: asyncpg.Connection, day: datetime.date) -> None:
        """
        Drop a day that has an archive.

        Raises:
            ArchiveDamaged: it has none, or one that is not what the database holds; nothing is dropped.
        """
        async with _alone(connection):
            recorded = await self._verified(connection, day)
            if recorded is None:
                raise ArchiveDamaged(f"{day} has no archive")
            await self._drop(connection, day, *recorded)

    async def _write(self, connection: asyncpg.Connection, day: datetime.date) -> None:
        # Drawn by lot: a file of that name may be left from a crash, or be of another database's log.
        file = self._folder / f"events-{day:%Y%m%d}-{secrets.token_hex(4)}.parquet"
        old = await connection.fetchrow(_RECORDED, day)
        content = await _copied(connection, partition_of(EVENTS, day), file)
        digest = await asyncio.to_thread(sha256_of, file)
        size = (await asyncio.to_thread(file.stat)).st_size
        await connection.execute(
            _RECORD, day, file.name, content.entries, size, digest, content.lowest, content.highest
        )
        if old is not None:
            await asyncio.to_thread((self._folder / old["file"]).unlink, missing_ok=True)
        _log.info("day archived", extra={"day": str(day), "entries": content.entries, "bytes": size})

    async def _verified(self, connection: asyncpg.Connection, day: datetime.date) -> tuple[str, str] | None:
        """Return file and hash of a day's archive once both are compared with the database; None when there is none."""
        recorded = await connection.fetchrow(_RECORDED, day)
        if recorded is None:
            return None
        file = self._folder / recorded["file"]
        if await asyncio.to_thread(sha256_of, file) != recorded["sha256"]:
            raise ArchiveDamaged(f"{file.name} was changed since it was written")
        entries, checksum, lowest, highest = await connection.fetchrow(
            _CONTENT.format(partition=partition_of(EVENTS, day))
        )
        if await asyncio.to_thread(content_of, file) != Content(entries, int(checksum), lowest, highest):
            raise ArchiveDamaged(f"{file.name} is not what the database holds")
        return recorded["file"], recorded["sha256"]

    async def _drop(self, connection: asyncpg.Connection, day: datetime.date, file: str, digest: str) -> None:
        async with connection.transaction():
            await connection.execute(f"DROP TABLE {partition_of(EVENTS, day)}")
            if await connection.execute(_DROPPED, day, file, digest) != "UPDATE 1":
                raise ArchiveDamaged(f"the archive of {day} is another than was verified")
        _log.info("day dropped", extra={"day": str(day)})


@asynccontextmanager
async def _alone(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """Let nobody be taken out of the log meanwhile. Erasures may hold the lock for long: then this is not done now."""
    if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", ARCHIVE_LOCK):
        raise ErasureUnderWay
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.fetchval("SELECT pg_advisory_unlock($1)", ARCHIVE_LOCK)


async def _copied(connection: asyncpg.Connection, partition: str, file: Path) -> Content:
    with ArchiveWriter(file) as writer:
        async with connection.transaction(readonly=True):
            cursor: Any = await connection.cursor(_ROWS.format(partition=partition))
            while rows := await cursor.fetch(ROWS_IN_GROUP):
                await asyncio.to_thread(writer.write, [tuple(row) for row in rows])
        await asyncio.to_thread(writer.finish)
        return writer.content
