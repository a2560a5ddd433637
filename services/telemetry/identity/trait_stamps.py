"""Traits that are the time of an event, such as `last_login_at`: written together with the event."""

import datetime
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from mirante.api.common.v1 import value_pb2

# Whatever the order of arrival, the same observation wins: the newer, and of two at the same time the greater bytes.
UPSERT: Final = """
    INSERT INTO traits AS known (environment, tenant, user_id, name, value, observed_at)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::timestamptz[])
    ON CONFLICT (environment, tenant, user_id, name) DO UPDATE
    SET value = excluded.value, observed_at = excluded.observed_at, xid = DEFAULT
    WHERE (excluded.observed_at, coalesce(excluded.value, '')) > (known.observed_at, coalesce(known.value, ''))
"""
"""Takes columns. Rows must be sorted by their key, so that two writers never wait for each other in a circle."""


class TraitStamp(NamedTuple):
    """A trait `name` of a user that is set to the time `at`, which has a time zone."""

    environment: str
    tenant: str
    user_id: str
    name: str
    at: datetime.datetime


async def stamp_traits(connection: Any, rows: Sequence[TraitStamp]) -> None:
    """Set traits to times in the present transaction; of each trait the newest time wins. There may be no rows."""
    newest: dict[tuple[str, str, str, str], datetime.datetime] = {}
    for environment, tenant, user_id, name, at in rows:
        key = (environment, tenant, user_id, name)
        if key not in newest or newest[key] < at:
            newest[key] = at
    if not newest:
        return
    keys = sorted(newest)
    times = [newest[key] for key in keys]
    await connection.execute(UPSERT, *map(list, zip(*keys, strict=True)), list(map(_serialised, times)), times)


def _serialised(at: datetime.datetime) -> bytes:
    """Return the time as a serialised `Value`: RFC 3339 in UTC, which flags compare as a time."""
    text = at.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
    return value_pb2.Value(string_value=text).SerializeToString()
