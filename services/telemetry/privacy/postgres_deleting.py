"""
Deletes in Postgres what is doomed, in small transactions, each with its share of the count.

All functions work on one connection, outside a transaction. They may be cut short anywhere and called again.
"""

import uuid
from collections.abc import Sequence
from typing import Any, Final

from services.telemetry.events.stored import EVENT, MERGE, SPLIT
from services.telemetry.events.subjects import ANONYMOUS, USER
from services.telemetry.privacy import postgres_requests as requests
from services.telemetry.privacy.requests import Doomed

EVENTS, EVENT_KEYS, DEAD_LETTERS, TRAITS, ALIASES = "events", "event_keys", "dead_letters", "traits", "aliases"
"""Places of the counts, named as the tables."""

_BATCH: Final = 2_000

_PARTITIONS: Final = """
    SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'events'::regclass ORDER BY 1
"""
# Of a tenant: everything before the bound but the entries that tell of erasures.
_KINDS: Final = f"kind IN ({EVENT}, {MERGE}, {SPLIT})"
_IN_LOG: Final = {
    False: "environment = $1 AND tenant = $2 AND subject = ANY($3::text[])",
    True: f"environment = $1 AND tenant = $2 AND {_KINDS} AND xid < $3::text::xid8 AND received_at <= $4",
}
"""By whether the whole tenant is doomed."""
_KEYS: Final = """
    DELETE FROM event_keys WHERE event_id = ANY($1::uuid[]) AND environment = $2 AND tenant = $3
"""
_USERS: Final = "environment = $1 AND tenant = $2 AND user_id = ANY($3::text[])"
_OF_SUBJECTS: Final = {
    DEAD_LETTERS: "environment = $1 AND tenant = $2 AND subject = ANY($3::text[])",
    TRAITS: _USERS,
    ALIASES: "environment = $1 AND tenant = $2 AND (user_id = ANY($3::text[]) OR anonymous_id = ANY($4::text[]))",
}
_OF_TENANT: Final = {
    DEAD_LETTERS: "environment = $1 AND tenant = $2 AND ($3::timestamptz IS NULL OR received_at <= $3)",
    TRAITS: "environment = $1 AND tenant = $2 AND ($3::timestamptz IS NULL OR observed_at <= $3)",
    ALIASES: "environment = $1 AND tenant = $2 AND ($3::timestamptz IS NULL OR joined_at <= $3)",
}


async def delete_events(connection: Any, request_id: uuid.UUID, doomed: Doomed) -> list[str]:
    """Delete from the log, with the keys of the events; return the partitions that held some."""
    partitions = [row[0] for row in await connection.fetch(_PARTITIONS)]
    return [each for each in partitions if await _delete_from_partition(connection, request_id, doomed, each)]


async def delete_rows(connection: Any, request_id: uuid.UUID, doomed: Doomed, table: str, until: Any = None) -> bool:
    """
    Delete from one of the other tables; return whether there was something.

    Args:
        connection: outside a transaction.
        request_id: whose counts these are.
        doomed: who is erased; of a tenant everything.
        table: `DEAD_LETTERS`, `TRAITS` or `ALIASES`.
        until: a datetime; of a tenant only what is not newer.
    """
    where, arguments = _table_condition(doomed, table, until)
    # Rows that somebody else holds are left for the next round, so that nobody waits for each other in a circle.
    statement = f"""
        DELETE FROM {table} WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM {table} WHERE {where} LIMIT {_BATCH} FOR UPDATE SKIP LOCKED
        ))
    """  # noqa: S608 - constants only
    found = False
    while True:
        async with connection.transaction():
            deleted = _number(await connection.execute(statement, *arguments))
            await requests.count(connection, request_id, table, deleted)
        if not deleted:
            return found
        found = True


async def delete_all_rows(connection: Any, request_id: uuid.UUID, doomed: Doomed, until: Any = None) -> None:
    """Delete what `delete_rows` left in the other tables, in the present transaction, waiting for whoever holds it."""
    for table in (DEAD_LETTERS, TRAITS, ALIASES):
        where, arguments = _table_condition(doomed, table, until)
        status = await connection.execute(f"DELETE FROM {table} WHERE {where}", *arguments)  # noqa: S608 - constants only
        await requests.count(connection, request_id, table, _number(status))


async def delete_keys(connection: Any, doomed: Doomed, event_ids: Sequence[Any]) -> int:
    """Delete the keys of events, in the present transaction; return how many there were."""
    return _number(await connection.execute(_KEYS, event_ids, doomed.place.environment, doomed.place.tenant))


async def count_left(connection: Any, doomed: Doomed) -> dict[str, int]:
    """Search everything again; return what is there by place."""
    where, arguments = _log_condition(doomed)
    left = {EVENTS: await connection.fetchval(f"SELECT count(*) FROM events WHERE {where}", *arguments)}  # noqa: S608
    # A tenant may have come back: only what stood before the bound had to go, and that did together with the entry.
    for table in (DEAD_LETTERS, TRAITS, ALIASES) if doomed.subjects is not None else ():
        where, arguments = _table_condition(doomed, table, None)
        left[table] = await connection.fetchval(f"SELECT count(*) FROM {table} WHERE {where}", *arguments)  # noqa: S608
    return left


async def _delete_from_partition(connection: Any, request_id: uuid.UUID, doomed: Doomed, partition: str) -> bool:
    where, arguments = _log_condition(doomed)
    statement = f"""
        DELETE FROM {partition} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {partition} WHERE {where} LIMIT {_BATCH}))
        RETURNING event_id, kind
    """  # noqa: S608 - names of partitions, and constants
    found = False
    while True:
        async with connection.transaction():
            rows = await connection.fetch(statement, *arguments)
            ids = [event_id for event_id, _ in rows if event_id is not None]
            keys = await delete_keys(connection, doomed, ids)
            await requests.count(connection, request_id, EVENTS, sum(kind == EVENT for _, kind in rows))
            await requests.count(connection, request_id, EVENT_KEYS, keys)
        if not rows:
            return found
        found = True


def _log_condition(doomed: Doomed) -> tuple[str, tuple[Any, ...]]:
    place = (doomed.place.environment, doomed.place.tenant)
    if doomed.subjects is not None:
        return _IN_LOG[False], (*place, doomed.subjects)
    assert doomed.bound is not None  # noqa: S101 - a tenant's entry is in the log before anything is deleted from it
    return _IN_LOG[True], (*place, str(doomed.bound.position), doomed.bound.at)


def _table_condition(doomed: Doomed, table: str, until: Any) -> tuple[str, tuple[Any, ...]]:
    place = (doomed.place.environment, doomed.place.tenant)
    if doomed.subjects is None:
        return _OF_TENANT[table], (*place, until)
    users = [subject.removeprefix(USER) for subject in doomed.subjects if subject.startswith(USER)]
    devices = [subject.removeprefix(ANONYMOUS) for subject in doomed.subjects if subject.startswith(ANONYMOUS)]
    named = {DEAD_LETTERS: (doomed.subjects,), TRAITS: (users,), ALIASES: (users, devices)}
    return _OF_SUBJECTS[table], (*place, *named[table])


def _number(status: str) -> int:
    return int(status.rpartition(" ")[2])
