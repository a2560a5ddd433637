"""Who has changed what: the audit of alerts."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg
from mirante.api.metrics.v1 import alert_pb2 as pb2

from services.runtime.pages import last_number, page_token
from services.runtime.postgres.pool import PostgresPool

_ADD: Final = """
    INSERT INTO alert_changes (environment, at, actor, action, subject, comment) VALUES ($1, $2, $3, $4, $5, $6)
"""
_PAGE: Final = """
    SELECT id, at, actor, action, subject, comment FROM alert_changes
    WHERE environment = $1 AND ($2 = '' OR subject = $2) AND ($3::bigint IS NULL OR id < $3)
    ORDER BY id DESC LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class Change:
    """What was done, such as "rule.update", to what (its id or key), and by whom."""

    action: str
    subject: str
    actor: str
    at: datetime.datetime
    comment: str = ""


async def note_change(connection: asyncpg.Connection, environment: str, change: Change) -> None:
    """Note a change in the transaction that makes it."""
    values = (change.at, change.actor, change.action, change.subject, change.comment)
    await connection.execute(_ADD, environment, *values)


async def changes_page(
    pool: PostgresPool, environment: str, subject: str, size: int, token: str
) -> tuple[Sequence[pb2.AlertChange], str]:
    """
    Return a page of changes, newest first, and the token of the next one.

    Raises:
        InvalidRequest: the token is wrong.
        Unavailable: the database does not answer.
    """
    before = last_number(token)
    async with pool.connection() as connection:
        rows = await connection.fetch(_PAGE, environment, subject, before, size + 1)
    changes = []
    for row in rows[:size]:
        change = pb2.AlertChange(
            actor=row["actor"], action=row["action"], subject=row["subject"], comment=row["comment"]
        )
        change.at.FromDatetime(row["at"])
        changes.append(change)
    return changes, page_token(str(rows[size - 1]["id"])) if len(rows) > size else ""
