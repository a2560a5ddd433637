"""
Finds people whose ids are not known any more: who is in the data of a tenant, and has a tombstone.

An erasure that was cut short, or undone by restoring a backup, knows its people by keyed hashes alone.
"""

from typing import Any, Final

from services.telemetry.events.subjects import USER
from services.telemetry.privacy.archives import Archives
from services.telemetry.privacy.requests import Place
from services.telemetry.privacy.tombstones import Tombstones

_PAGE: Final = 5_000

# One descent into the index for each person, however much there is of each.
_DISTINCT: Final = """
    WITH RECURSIVE found AS (
        (
            SELECT {column} AS id FROM {table}
            WHERE environment = $1 AND tenant = $2 AND {column} > $3 ORDER BY {column} LIMIT 1
        )
        UNION ALL
        SELECT (
            SELECT {column} FROM {table}
            WHERE environment = $1 AND tenant = $2 AND {column} > found.id ORDER BY {column} LIMIT 1
        )
        FROM found WHERE found.id IS NOT NULL
    )
    SELECT id FROM found WHERE id IS NOT NULL LIMIT $4
"""
_ALIASES: Final = """
    SELECT 'u:' || user_id AS user, 'a:' || anonymous_id AS device FROM aliases WHERE environment = $1 AND tenant = $2
"""
_PARTITIONS: Final = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'events'::regclass"


async def erased_but_present(
    connection: Any, archives: Archives, tombstones: Tombstones, place: Place
) -> tuple[str, ...]:
    """Return the subjects of a tenant that have a tombstone and are somewhere in the database or in the archives."""
    await tombstones.refresh(connection)
    found: set[str] = set()
    seen: set[str] = set()

    def look_at(subject: str) -> None:
        if subject not in seen:
            seen.add(subject)
            if tombstones.erased(place.environment, place.tenant, subject):
                found.add(subject)

    partitions = [row[0] for row in await connection.fetch(_PARTITIONS)]
    for table, column in [*((partition, "subject") for partition in partitions), ("dead_letters", "subject")]:
        for subject in await _distinct(connection, place, table, column):
            look_at(subject)
    for user_id in await _distinct(connection, place, "traits", "user_id"):
        look_at(USER + user_id)
    for user, device in await connection.fetch(_ALIASES, place.environment, place.tenant):
        look_at(user)
        look_at(device)
    for subject in await archives.subjects(connection, place):
        look_at(subject)
    return tuple(sorted(found))


async def _distinct(connection: Any, place: Place, table: str, column: str) -> list[str]:
    found: list[str] = []
    query = _DISTINCT.format(table=table, column=column)
    while True:
        rows = await connection.fetch(query, place.environment, place.tenant, found[-1] if found else "", _PAGE)
        found += [row["id"] for row in rows]
        if len(rows) < _PAGE:
            return found
