"""
Brings the tables of one service up to date with plain numbered SQL files.

A file is named `NNNN_name.sql`, numbered from 0001 without gaps, and runs once, in one transaction with the row that
records it.
So it must not begin or end transactions itself, nor use statements that refuse to run inside one, such as
`CREATE INDEX CONCURRENTLY`.
Any number of replicas may migrate at once: a Postgres advisory lock lets one at a time look and apply.

The version before goes on working meanwhile. Whoever waits for a table keeps all others waiting behind it, so a file
that does not get its locks at once, or meets a deadlock, is rolled back and tried again.
"""

import asyncio
import hashlib
import logging
import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

import asyncpg

from services.runtime.postgres.connecting import connect
from services.runtime.postgres.outages import CONNECTION_LOST

_log = logging.getLogger(__name__)

_LOCK_MILLISECONDS: Final = 2_000
_PAUSE_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 600.0
_IN_THE_WAY: Final = (asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError)

_LOCK = 0x6D6972616E7465  # "mirante"; one lock for all services, because they share the table
_FILE_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_ENDS_TRANSACTION = re.compile(
    r"^\s*(begin|commit|rollback|abort|start\s+transaction|end\s+transaction)\b[^;\n]*;", re.IGNORECASE | re.MULTILINE
)
_CREATE_TABLE = """
    CREATE TABLE IF NOT EXISTS schema_migrations (
        service    text        NOT NULL,
        number     integer     NOT NULL,
        name       text        NOT NULL,
        sha256     text        NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (service, number)
    )
"""


class MigrationError(Exception):
    """The files and the database do not fit together, or a file failed; nothing of that file was applied."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file."""

    number: int
    name: str
    sha256: str
    """Of the text with Unix line ends, so that a checkout with others counts as the same."""
    sql: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.number:04}_{self.name}"


@dataclass(frozen=True, slots=True)
class Applied:
    """One row of `schema_migrations`."""

    number: int
    name: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.number:04}_{self.name}"


async def migrate(target: asyncpg.Connection | str, service: str, directory: Traversable | Path) -> list[Applied]:
    """
    Apply the files of `directory` that `service` has not had yet, in order; return those that this call applied.

    Args:
        target: a connection outside any transaction, or the URL of the database.
        service: whose tables these are; each service numbers its files by itself.
        directory: the folder of the files, for instance `importlib.resources.files(package) / "migrations"`.

    Raises:
        MigrationError: the files are misnamed or have gaps, an applied file was changed, the database knows a
            migration that the files do not, or a file failed. Files before the failed one stay applied.
    """
    migrations = read_migrations(directory)
    if not isinstance(target, str):
        return await _apply_all(target, service, migrations)
    connection = await connect(target)
    try:
        return await _apply_all(connection, service, migrations)
    finally:
        await connection.close()


async def missing_migrations(url: str, service: str, directory: Traversable | Path) -> Sequence[Migration]:
    """
    Return the files of `directory` that `service` has not had yet, in order, and apply none.

    Files that the database has and this version does not know are of a newer version, which runs beside this one: they
    only add to what is there, and are no error here.

    Args:
        url: of the database.
        service: whose tables these are.
        directory: as in `migrate`.

    Raises:
        MigrationError: the files are misnamed or have gaps, or an applied file was changed.
    """
    migrations = read_migrations(directory)
    connection = await connect(url)
    try:
        if await connection.fetchval("SELECT to_regclass('schema_migrations')") is None:
            return migrations
        applied = await _applied(connection, service)
    finally:
        await connection.close()
    return pending(migrations, [each for each in applied if each.number <= migrations[-1].number])


def read_migrations(directory: Traversable | Path) -> list[Migration]:
    """
    Read the files of a folder, in order. Files that do not end in `.sql` are ignored.

    Raises:
        MigrationError: there are none, a name or a number is wrong, or a file ends its transaction.
    """
    migrations = []
    for file in directory.iterdir():
        if not file.name.endswith(".sql"):
            continue
        named = _FILE_NAME.fullmatch(file.name)
        if named is None:
            raise MigrationError(f"{file.name}: migrations are named NNNN_name.sql, in lower case")
        sql = file.read_text(encoding="utf-8").replace("\r\n", "\n")
        if ends := _ENDS_TRANSACTION.search(sql):
            raise MigrationError(
                f"{file.name}: {ends.group().strip()!r} is not allowed: the file runs in one transaction of its own"
            )
        migrations.append(Migration(int(named[1]), named[2], hashlib.sha256(sql.encode()).hexdigest(), sql))
    if not migrations:
        raise MigrationError(f"no migrations in {directory}")
    migrations.sort(key=lambda migration: (migration.number, migration.name))
    for expected, migration in enumerate(migrations, start=1):
        if migration.number != expected:
            raise MigrationError(f"{migration}.sql stands where number {expected:04} is expected: numbers have no gaps")
    return migrations


def pending(migrations: Sequence[Migration], applied: Sequence[Applied]) -> Sequence[Migration]:
    """
    Return the migrations that are still to be applied, in order.

    Raises:
        MigrationError: what was applied is not the beginning of these migrations, unchanged.
    """
    by_number = {migration.number: migration for migration in migrations}
    for expected, done in enumerate(sorted(applied, key=lambda each: each.number), start=1):
        if done.number != expected:
            raise MigrationError(f"the database has {done} but not number {expected:04}: its records have a gap")
        ours = by_number.get(done.number)
        if ours is None:
            raise MigrationError(
                f"the database has {done}, which this version does not know: it is newer than this code"
            )
        if ours.sha256 != done.sha256:
            raise MigrationError(
                f"{ours}.sql was changed after it was applied (as {done}): put it back and write a new migration"
            )
    return migrations[len(applied) :]


async def _apply_all(connection: asyncpg.Connection, service: str, migrations: Sequence[Migration]) -> list[Applied]:
    applied: list[Applied] = []
    while (done := await _apply_patiently(connection, service, migrations)) is not None:
        applied.append(done)
    return applied


async def _apply_patiently(
    connection: asyncpg.Connection, service: str, migrations: Sequence[Migration]
) -> Applied | None:
    """Apply one migration, or return None if none is left; try again while others are in its way."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return await _apply_next(connection, service, migrations)
        except _IN_THE_WAY as error:
            if time.monotonic() > deadline:
                raise MigrationError(f"{service}: others do not let go of its tables: {error}") from error
            _log.info("others are in the way of a migration", extra={"service": service, "error": str(error)})
        await asyncio.sleep(random.uniform(0.5, 1.5) * _PAUSE_SECONDS)


async def _apply_next(connection: asyncpg.Connection, service: str, migrations: Sequence[Migration]) -> Applied | None:
    """Apply one migration, or return None if none is left. What is left is read anew each time, under the lock."""
    # Read committed, whatever the database's default: what the last holder of the lock did must be seen.
    async with connection.transaction(isolation="read_committed"):
        await connection.execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK, timeout=None)
        await connection.execute(_CREATE_TABLE)
        left = pending(migrations, await _applied(connection, service))
        if not left:
            return None
        migration = left[0]
        await connection.execute(f"SET LOCAL lock_timeout = {_LOCK_MILLISECONDS}")
        try:
            await connection.execute(migration.sql)
        except (*CONNECTION_LOST, *_IN_THE_WAY):
            raise
        except asyncpg.PostgresError as error:
            raise MigrationError(f"{service}: {migration}.sql failed and was rolled back: {error}") from error
        await connection.execute(
            "INSERT INTO schema_migrations (service, number, name, sha256) VALUES ($1, $2, $3, $4)",
            service,
            migration.number,
            migration.name,
            migration.sha256,
        )
        return Applied(migration.number, migration.name, migration.sha256)


async def _applied(connection: asyncpg.Connection, service: str) -> list[Applied]:
    rows = await connection.fetch(
        "SELECT number, name, sha256 FROM schema_migrations WHERE service = $1 ORDER BY number", service
    )
    return [Applied(row["number"], row["name"], row["sha256"]) for row in rows]
