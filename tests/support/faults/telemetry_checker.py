"""Compares what clients were told with what the database holds."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import asyncpg

from tests.support.faults.telemetry_callers import Ledger

# Each must count nothing. `sent`, `acknowledged` and `refused` are what the clients know.
_NOTHING: Mapping[str, str] = {
    "acknowledged, and not stored exactly once": """
        SELECT count(*) FROM acknowledged
        WHERE (
            SELECT count(*) FROM stored
            WHERE stored.event_id = acknowledged.event_id AND stored.tenant = acknowledged.tenant
        ) <> 1
    """,
    "stored more than once": "SELECT count(*) - count(DISTINCT event_id) FROM stored",
    "stored, and never sent": """
        SELECT count(*) FROM stored LEFT JOIN sent USING (event_id, tenant) WHERE sent.event_id IS NULL
    """,
    "stored without its key": """
        SELECT count(*) FROM stored LEFT JOIN event_keys USING (event_id, environment, tenant)
        WHERE event_keys.event_id IS NULL
    """,
    "a key without its event": """
        SELECT count(*) FROM event_keys LEFT JOIN stored USING (event_id, environment, tenant)
        WHERE stored.event_id IS NULL
    """,
    "refused, and not kept as a dead letter exactly once": """
        SELECT count(*) FROM refused
        WHERE (SELECT count(*) FROM dead_letters WHERE dead_letters.event_id = refused.event_id) <> 1
    """,
    "a dead letter, and stored": "SELECT count(*) FROM dead_letters JOIN stored USING (event_id, tenant)",
    "counts of coverage that are not those of the log": """
        SELECT count(*) FROM (
            SELECT environment, (received_at AT TIME ZONE 'UTC')::date AS day, name, count(*) AS events
            FROM events WHERE kind = 1 GROUP BY 1, 2, 3
        ) AS in_log FULL JOIN (
            SELECT environment, day, name, sum(events) AS events FROM coverage WHERE outcome <> 4 GROUP BY 1, 2, 3
        ) AS counted USING (environment, day, name)
        WHERE in_log.events IS DISTINCT FROM counted.events
    """,
    "dead letters that coverage does not count": """
        SELECT (SELECT coalesce(sum(events), 0) FROM coverage WHERE outcome = 4) - (SELECT count(*) FROM dead_letters)
    """,
}


async def faults_of(database_url: str, ledger: Ledger) -> dict[str, int]:
    """Return what is wrong: how often, by what it is."""
    connection: Any = await asyncpg.connect(database_url)
    try:
        await _tell(connection, "sent", ledger.sent, ledger.sent)
        await _tell(connection, "acknowledged", ledger.acknowledged, ledger.sent)
        await _tell(connection, "refused", ledger.refused, ledger.sent)
        # A copy, so that it can be indexed; the log has no index by id.
        await connection.execute(
            "CREATE TEMPORARY TABLE stored AS SELECT event_id, environment, tenant FROM events WHERE kind = 1"
        )
        await connection.execute("CREATE INDEX ON stored (event_id); ANALYZE stored")
        wrong = {what: int(await connection.fetchval(query)) for what, query in _NOTHING.items()}
    finally:
        await connection.close()
    return {what: count for what, count in wrong.items() if count}


async def log_of(database_url: str) -> list[bytes]:
    """Return the ids of all events, in the order of the log."""
    connection: Any = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch("SELECT event_id FROM events WHERE kind = 1 ORDER BY xid, ord")
    finally:
        await connection.close()
    return [row[0].bytes for row in rows]


async def _tell(connection: Any, table: str, ids: Collection[bytes], tenants: Mapping[bytes, str]) -> None:
    await connection.execute(f"CREATE TEMPORARY TABLE {table} (event_id uuid, tenant text)")
    records = [(UUID(bytes=event_id), tenants[event_id]) for event_id in ids]
    await connection.copy_records_to_table(table, records=records)
    await connection.execute(f"CREATE INDEX ON {table} (event_id); ANALYZE {table}")
