"""Entries of the log that are not events."""

from typing import Any, Final

_APPEND: Final = """
    INSERT INTO events (ord, kind, environment, tenant, subject, name, body) VALUES (0, $1, $2, $3, '', '', $4)
    RETURNING xid::text
"""


async def append_entry(connection: Any, kind: int, environment: str, tenant: str, body: bytes) -> int:
    """
    Append an entry in the present transaction, which appends no other; return the transaction's place in the log.

    Args:
        connection: in a transaction that holds `ERASURE_LOCK`.
        kind: a constant of `services.telemetry.events.stored`.
        environment: of whom it tells.
        tenant: of whom it tells.
        body: the serialised message; it names people by actor ids alone, for it outlives their erasure.
    """
    return int(await connection.fetchval(_APPEND, kind, environment, tenant, body))
