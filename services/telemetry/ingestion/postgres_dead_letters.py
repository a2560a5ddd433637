"""Keeps the events that must not go into the log as they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from asyncpg.pgproto.pgproto import UUID
from mirante.telemetry.event_id import uuid7

from services.telemetry.ingestion.candidates import Candidate

# The same bad event sent again is the same dead letter, but for why: that is what the present catalogue says.
_KEEP: Final = """
    INSERT INTO dead_letters (
        id, environment, tenant, subject, name, event_id, reason, field, message, definition_version, event,
        occurred_at, time_marks, digest
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    ON CONFLICT (environment, tenant, event_id) DO UPDATE
    SET reason = excluded.reason, field = excluded.field, message = excluded.message,
        definition_version = excluded.definition_version
    RETURNING id, xmax = 0
"""


@dataclass(frozen=True, slots=True)
class KeptLetter:
    """A dead letter, and whether it was not there before."""

    id: UUID
    is_new: bool


async def keep_dead_letters(connection: Any, candidates: Sequence[Candidate]) -> list[KeptLetter]:
    """
    Keep candidates as dead letters, in the present transaction; return them in order.

    They come in the order of their event ids: two writers with the same events never wait for each other in a circle.
    """
    if not candidates:
        return []
    rows = await connection.fetchmany(_KEEP, [_row(candidate) for candidate in candidates])
    return [KeptLetter(row[0], row[1]) for row in rows]


async def mark_replayed(connection: Any, letters: Sequence[UUID]) -> None:
    """Note that dead letters are in the log now, in the present transaction."""
    if letters:
        await connection.execute(
            "UPDATE dead_letters SET replayed_at = now() WHERE id = ANY($1::uuid[]) AND replayed_at IS NULL", letters
        )


def _row(candidate: Candidate) -> tuple[object, ...]:
    violation = candidate.violation
    return (
        uuid7(),
        candidate.environment,
        candidate.tenant,
        candidate.subject,
        candidate.name,
        candidate.event_id,
        candidate.judgement.reason,
        violation.field,
        violation.description,
        candidate.judgement.definition_version,
        candidate.body,
        candidate.occurred_at,
        list(candidate.time_marks),
        candidate.digest,
    )
