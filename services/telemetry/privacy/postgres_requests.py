"""
The record of privacy requests, in Postgres.

All functions work on a connection, in its transaction if there is one.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.telemetry.privacy.requests import Asked, Bound, Place, Request

_COLUMNS: Final = """
    id, environment, kind, tenant, subject_hash, requested_by, reason, requested_at, completed_at, position::text,
    bound_at, counts, remaining
"""
_INSERT: Final = f"""
    INSERT INTO privacy_requests (id, environment, kind, tenant, subject_hash, requested_by, reason)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    RETURNING {_COLUMNS}
"""  # noqa: S608 - constants only
_UNFINISHED: Final = f"""
    SELECT {_COLUMNS} FROM privacy_requests
    WHERE environment = $1 AND kind = $2 AND tenant = $3 AND subject_hash = $4 AND completed_at IS NULL
    ORDER BY requested_at, id LIMIT 1
"""  # noqa: S608 - constants only
_ALL_UNFINISHED: Final = f"""
    SELECT {_COLUMNS} FROM privacy_requests WHERE kind = ANY($1::smallint[]) AND completed_at IS NULL
    ORDER BY requested_at, id
"""  # noqa: S608 - constants only
_OF_KIND: Final = f"SELECT {_COLUMNS} FROM privacy_requests WHERE kind = $1 ORDER BY requested_at, id"  # noqa: S608
_KNOWN: Final = "SELECT id FROM privacy_requests WHERE id = ANY($1::uuid[])"
_PLACE: Final = """
    UPDATE privacy_requests SET position = $2::text::xid8, bound_at = $3 WHERE id = $1
"""
_COUNT: Final = """
    UPDATE privacy_requests
    SET counts = counts || jsonb_build_object($2::text, coalesce((counts ->> $2)::bigint, 0) + $3)
    WHERE id = $1
"""
_COMPLETE: Final = f"""
    UPDATE privacy_requests SET remaining = $2::text::jsonb, completed_at = CASE WHEN $3 THEN clock_timestamp() END
    WHERE id = $1
    RETURNING {_COLUMNS}
"""  # noqa: S608 - constants only
_NEWEST: Final = f"""
    SELECT {_COLUMNS} FROM privacy_requests WHERE environment = $1 ORDER BY requested_at DESC, id DESC LIMIT $2
"""  # noqa: S608 - constants only
_OF_SUBJECTS: Final = f"""
    SELECT {_COLUMNS} FROM privacy_requests
    WHERE environment = $1 AND tenant = $2 AND subject_hash = ANY($3::bytea[]) ORDER BY requested_at, id
"""  # noqa: S608 - constants only


async def record(
    connection: Any, kind: int, place: Place, subject_hash: bytes, asked: Asked, *, request_id: uuid.UUID | None = None
) -> Request:
    """Put a request on record."""
    row = await connection.fetchrow(
        _INSERT, request_id or uuid.uuid4(), place.environment, kind, place.tenant, subject_hash, asked.by, asked.reason
    )
    return _request(row)


async def unfinished(connection: Any, kind: int, place: Place, subject_hash: bytes) -> Request | None:
    """Return the oldest request of this kind that is not complete."""
    row = await connection.fetchrow(_UNFINISHED, place.environment, kind, place.tenant, subject_hash)
    return None if row is None else _request(row)


async def all_unfinished(connection: Any, kinds: Sequence[int]) -> list[Request]:
    """Return all requests of these kinds that are not complete, oldest first."""
    return [_request(row) for row in await connection.fetch(_ALL_UNFINISHED, kinds)]


async def of_kind(connection: Any, kind: int) -> list[Request]:
    """Return all requests of a kind, oldest first."""
    return [_request(row) for row in await connection.fetch(_OF_KIND, kind)]


async def known(connection: Any, ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Return which of these requests are on record."""
    return {uuid.UUID(bytes=row[0].bytes) for row in await connection.fetch(_KNOWN, ids)}


async def place(connection: Any, request_id: uuid.UUID, bound: Bound) -> None:
    """Note where a request's entry stands in the log."""
    await connection.execute(_PLACE, request_id, str(bound.position), bound.at)


async def count(connection: Any, request_id: uuid.UUID, place_name: str, number: int) -> None:
    """Add to what was erased or exported. In the transaction that erases, so that it is right after any crash."""
    if number:
        await connection.execute(_COUNT, request_id, place_name, number)


async def settle(connection: Any, request_id: uuid.UUID, left: Mapping[str, int]) -> Request:
    """Note what a search still found; with nothing left the request is complete."""
    row = await connection.fetchrow(_COMPLETE, request_id, json.dumps(left), not any(left.values()))
    return _request(row)


async def newest(connection: Any, environment: str, limit: int) -> list[Request]:
    """Return the record, newest first."""
    return [_request(row) for row in await connection.fetch(_NEWEST, environment, limit)]


async def of_subjects(connection: Any, place: Place, hashes: Sequence[bytes]) -> list[Request]:
    """Return the requests that concern these subjects, oldest first."""
    return [_request(row) for row in await connection.fetch(_OF_SUBJECTS, place.environment, place.tenant, hashes)]


def _request(row: Any) -> Request:
    position, bound_at = row["position"], row["bound_at"]
    return Request(
        row["id"],
        row["kind"],
        Place(row["environment"], row["tenant"]),
        row["subject_hash"],
        Asked(row["requested_by"], row["reason"]),
        row["requested_at"],
        row["completed_at"],
        None if position is None else Bound(int(position), bound_at),
        json.loads(row["counts"]),
        json.loads(row["remaining"]),
    )
