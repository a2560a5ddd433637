"""Who has saved, changed and deleted what: the audit of what is saved."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
from mirante.api.metrics.v1 import saved_report_pb2 as pb2

from services.metrics.analytics.saved.kinds import KINDS, SavedKind
from services.metrics.analytics.saved.rows import FIELDS, saved_row
from services.runtime.errors import InvalidRequest
from services.runtime.pages import last_number, page_size, page_token
from services.runtime.postgres.pool import PostgresPool

MOST_PAGE_BYTES: Final = 3_000_000
"""A page goes into one message, of which gRPC takes 4 MiB; one change never has so much."""

_DEFAULT_PAGE: Final = 100
_MOST_IN_PAGE: Final = 1_000
_ADD: Final = f"""
    INSERT INTO analytics_saved_changes (environment, kind, action, actor, at, {FIELDS})
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""  # noqa: S608 - constants only
_PAGE: Final = f"""
    WITH longest AS (
        SELECT sequence, octet_length(name) + octet_length(description) + octet_length(content) + 200 AS bytes
        FROM analytics_saved_changes
        WHERE environment = $1 AND ($2::smallint = 0 OR kind = $2) AND ($3::uuid IS NULL OR id = $3)
            AND ($4::bigint IS NULL OR sequence < $4)
        ORDER BY sequence DESC LIMIT $5
    ), added AS (
        SELECT sequence, sum(bytes) OVER (ORDER BY sequence DESC) AS bytes, count(*) OVER () AS found FROM longest
    )
    SELECT sequence, found, kind, action, actor, at, {FIELDS}
    FROM added JOIN analytics_saved_changes USING (sequence) WHERE bytes <= $6 ORDER BY sequence DESC
"""  # noqa: S608 - as above


@dataclass(frozen=True, slots=True)
class Noted:
    """
    A change.

    Attributes:
        action: "create", "update" or "delete".
        actor: who made it: a person's login, or the name of a key.
        at: when.
    """

    action: str
    actor: str
    at: datetime.datetime


async def note_change(
    connection: asyncpg.Connection, environment: str, kind: SavedKind, row: Any, noted: Noted
) -> None:
    """Note a change in the transaction that makes it; `row` has what is saved, or was deleted."""
    fields = (row[field] for field in FIELDS.split(", "))
    await connection.execute(_ADD, environment, kind.number, noted.action, noted.actor, noted.at, *fields)


class PostgresSavedChanges:
    """
    The changes of all kinds.

    Args:
        pool: of connections.
    """

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def page(
        self, environment: str, kind: int, saved_id: str, size: int, token: str
    ) -> tuple[Sequence[pb2.SavedChange], str]:
        """
        Return a page of changes, newest first, and the token of the next one.

        Args:
            environment: see there.
            kind: its number; 0 for all.
            saved_id: of what; empty for all.
            size: how many at most; 0 for the usual number.
            token: of the page; empty for the first.

        Raises:
            InvalidRequest: size, kind or token is wrong.
            Unavailable: the database does not answer.
        """
        if kind and kind not in KINDS:
            raise InvalidRequest.of("kind", "must be COHORT, REPORT or BOARD")
        size, before = page_size(size, default=_DEFAULT_PAGE, most=_MOST_IN_PAGE), last_number(token)
        try:
            wanted = uuid.UUID(saved_id) if saved_id else None
        except ValueError:
            # Such as that of a board that comes with Mirante: nobody has changed it.
            return [], ""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_PAGE, environment, kind, wanted, before, size + 1, MOST_PAGE_BYTES)
        shown = rows[:size]
        more = bool(shown) and shown[0]["found"] > len(shown)
        return [_change(row) for row in shown], page_token(str(shown[-1]["sequence"])) if more else ""


def _change(row: Any) -> pb2.SavedChange:
    change = pb2.SavedChange(actor=row["actor"], action=row["action"])
    change.at.FromDatetime(row["at"])
    saved, info = getattr(change, KINDS[row["kind"]].field), saved_row(row).info
    saved.ParseFromString(row["content"])
    saved.info.CopyFrom(info)
    return change
