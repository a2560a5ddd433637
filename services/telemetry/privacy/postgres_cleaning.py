"""
Takes from Postgres what it keeps of deleted rows: dead rows of tables and indexes, samples in the planner's statistics.

What this cannot reach (the write-ahead log, backups, replicas, free space within pages) is in docs/privacy.md.
"""

import asyncio
import time
from collections.abc import Iterable
from typing import Any, Final

_WAIT_SECONDS: Final = 65.0
"""No statement and no idle transaction of ours lasts longer than a minute."""
_POLL_SECONDS: Final = 0.05

# While somebody looks at an older state of the database, dead rows stay.
_OLDER_SNAPSHOTS: Final = """
    SELECT EXISTS (
        SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
            AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL) AND xact_start < $1
    )
"""
# Statistics of an empty table are not replaced by new ones.
_CLEAR: Final = """
    SELECT count(pg_clear_attribute_stats(schemaname, tablename, attname, inherited))
    FROM pg_stats WHERE schemaname = current_schema() AND tablename = $1
"""
_CAN_CLEAR: Final = "SELECT to_regprocedure('pg_clear_attribute_stats(text, text, text, boolean)') IS NOT NULL"
_SAMPLED_AS_A_WHOLE: Final = """
    SELECT EXISTS (SELECT FROM pg_stats WHERE schemaname = current_schema() AND tablename = 'events' AND inherited)
"""


async def clean(connection: Any, tables: Iterable[str]) -> None:
    """Vacuum and analyse tables, on a connection outside a transaction that may take its time."""
    names = sorted(set(tables))
    if not names:
        return
    await _outlive_older_snapshots(connection)
    can_clear = await connection.fetchval(_CAN_CLEAR)
    for name in names:
        await connection.execute(f"VACUUM (ANALYZE, INDEX_CLEANUP ON) {name}")
        is_empty = not await connection.fetchval(f"SELECT EXISTS (SELECT FROM {name})")  # noqa: S608 - names of tables
        if is_empty and can_clear:
            await connection.fetchval(_CLEAR, name)
    if await connection.fetchval(_SAMPLED_AS_A_WHOLE):
        await connection.execute("ANALYZE events")


async def _outlive_older_snapshots(connection: Any) -> None:
    """Wait until nobody can see what was deleted; at most as long as our own statements may last."""
    deleted_at = await connection.fetchval("SELECT clock_timestamp()")
    patience = time.monotonic() + _WAIT_SECONDS
    while await connection.fetchval(_OLDER_SNAPSHOTS, deleted_at) and time.monotonic() < patience:  # noqa: ASYNC110
        await asyncio.sleep(_POLL_SECONDS)
