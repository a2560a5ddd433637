"""The database, as one new connection finds it."""

import asyncio
from collections.abc import Sequence
from importlib.resources.abc import Traversable
from typing import Final

import asyncpg
from mirante.api.common.v1 import diagnostics_service_pb2 as pb2

from services.runtime.migrations import MigrationError, read_migrations
from services.runtime.postgres.connecting import connect
from services.runtime.postgres.outages import UNREACHABLE

_SECONDS: Final = 3.0
_STATE: Final = """
    SELECT current_setting('server_version'), current_setting('synchronous_commit'), current_setting('fsync'),
           pg_is_in_recovery(), clock_timestamp(), to_regclass('schema_migrations') IS NOT NULL
"""
_APPLIED: Final = "SELECT number, name FROM schema_migrations WHERE service = $1 ORDER BY number"


async def diagnose_postgres(url: str, service: str, migrations: Traversable) -> pb2.PostgresDiagnostics:
    """
    Return what a new connection finds; that it finds none is part of the answer.

    Args:
        url: of the database.
        service: whose tables are looked at.
        migrations: the folder of their files.
    """
    try:
        async with asyncio.timeout(_SECONDS):
            return await _diagnose(url, service, migrations)
    except (*UNREACHABLE, asyncpg.PostgresError) as error:
        # Their texts name hosts and users; the kind is enough.
        return pb2.PostgresDiagnostics(error=type(error).__name__)
    except MigrationError as error:
        return pb2.PostgresDiagnostics(error=str(error))


async def _diagnose(url: str, service: str, migrations: Traversable) -> pb2.PostgresDiagnostics:
    ours = [(each.number, each.name) for each in read_migrations(migrations)]
    connection = await connect(url, _SECONDS)
    try:
        version, synchronous, fsync, in_recovery, now, has_table = await connection.fetchrow(_STATE)
        rows = await connection.fetch(_APPLIED, service) if has_table else []
    finally:
        await connection.close(timeout=_SECONDS)
    theirs = [(row["number"], row["name"]) for row in rows]
    found = pb2.PostgresDiagnostics(
        version=version,
        synchronous_commit=synchronous,
        fsync=fsync,
        in_recovery=in_recovery,
        missing_migrations=_names([each for each in ours if each not in theirs]),
        unknown_migrations=_names([each for each in theirs if each not in ours]),
    )
    found.now.FromDatetime(now)
    return found


def _names(migrations: Sequence[tuple[int, str]]) -> list[str]:
    return [f"{number:04}_{name}" for number, name in migrations]
