"""The `LogWriter` on Postgres: one transaction a group."""

import datetime
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import asyncpg
from asyncpg.pgproto.pgproto import UUID
from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.runtime.postgres.pool import PostgresPool
from services.telemetry.events.locks import ERASURE_LOCK
from services.telemetry.identity.trait_stamps import TraitStamp, stamp_traits
from services.telemetry.ingestion.candidates import (
    ACCEPTED,
    DUPLICATE,
    Candidate,
    ImportPosition,
    Outcome,
    Result,
    Submission,
    rejected,
)
from services.telemetry.ingestion.postgres_coverage import CoverageCounts, Details
from services.telemetry.ingestion.postgres_dead_letters import keep_dead_letters, mark_replayed
from services.telemetry.privacy.tombstones import Tombstones

_log = logging.getLogger(__name__)

_SHARDS: Final = 1 << 15

_LOCK: Final = f"SELECT pg_advisory_xact_lock_shared({ERASURE_LOCK})"

# In the order of the ids, so that two groups with the same events never wait for each other in a circle.
_TAKE_KEYS: Final = """
    INSERT INTO event_keys (event_id, environment, tenant, digest)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[])
    ON CONFLICT DO NOTHING
    RETURNING event_id
"""
_KNOWN_KEYS: Final = """
    SELECT event_id, environment, tenant, digest FROM event_keys WHERE event_id = ANY($1::uuid[])
"""
_KEY_COLUMNS: Final = ("event_id", "environment", "tenant", "digest")
_COLUMNS: Final = ("ord", "environment", "tenant", "subject", "name", "event_id", "occurred_at", "body")

_SAVE_POSITION: Final = """
    INSERT INTO imports (environment, import_key, position, accepted, updated_at) VALUES ($1, $2, $3, $4, now())
    ON CONFLICT (environment, import_key) DO UPDATE
    SET position = excluded.position, accepted = imports.accepted + excluded.accepted, updated_at = now()
"""

Place = tuple[str, str]
"""Environment and tenant."""


class PostgresWriter:
    """
    The `LogWriter` on Postgres.

    `ensure_partitions` is called when there is no partition for what is written; then the group is written again.
    """

    def __init__(
        self, pool: PostgresPool, tombstones: Tombstones, ensure_partitions: Callable[[], Awaitable[None]]
    ) -> None:
        self._pool = pool
        self._tombstones = tombstones
        self._ensure_partitions = ensure_partitions
        self._shard = random.randrange(_SHARDS)
        self._details = Details()

    async def write(self, group: Sequence[Submission]) -> None:
        """See `LogWriter`."""
        try:
            await self._write(group)
        except asyncpg.CheckViolationError as error:
            _log.warning("there is no partition for what is written", extra={"table": error.table_name})
            await self._ensure_partitions()
            await self._write(group)

    async def _write(self, group: Sequence[Submission]) -> None:
        candidates = [candidate for submission in group for candidate in submission.candidates]
        async with self._pool.transaction() as connection:
            await connection.execute(_LOCK)
            await self._tombstones.refresh(connection)
            written = _Written(connection, CoverageCounts(self._shard, self._details))
            results = await written.write(candidates, self._tombstones)
            await written.finish()
            start = 0
            for submission in group:
                submission.results = results[start : start + len(submission.candidates)]
                start += len(submission.candidates)
                if submission.position is not None:
                    await _save_position(connection, submission.position, submission.results.count(ACCEPTED))


class _Written:
    """What one transaction writes."""

    def __init__(self, connection: Any, coverage: CoverageCounts) -> None:
        self._connection = connection
        self._coverage = coverage
        self._stamps: list[TraitStamp] = []

    async def write(self, candidates: Sequence[Candidate], tombstones: Tombstones) -> list[Result]:
        """Write events and dead letters; return the results in the order of the candidates."""
        results: list[Result | None] = [None] * len(candidates)
        firsts: dict[tuple[UUID, Place], int] = {}
        repeats: list[tuple[int, int]] = []
        letters: list[int] = []
        for index, candidate in enumerate(candidates):
            if tombstones.erased(candidate.environment, candidate.tenant, candidate.subject):
                results[index] = rejected(reasons.ERROR_REASON_SUBJECT_ERASED, "", "the subject was erased")
            elif candidate.outcome is Outcome.DEAD_LETTER:
                letters.append(index)
            else:
                first = firsts.setdefault(_key(candidate), index)
                if first != index:
                    repeats.append((index, first))
        await self._write_events(candidates, firsts, results)
        for index, first in repeats:
            results[index] = _repeated(candidates[index].digest, candidates[first].digest)
        if letters:
            await self._write_letters(candidates, letters, results)
        return [result for result in results if result is not None]

    async def finish(self) -> None:
        """Write what sums up the events."""
        await self._coverage.write(self._connection)
        if self._stamps:
            await stamp_traits(self._connection, self._stamps)

    async def _write_events(
        self, candidates: Sequence[Candidate], firsts: dict[tuple[UUID, Place], int], results: list[Result | None]
    ) -> None:
        if not firsts:
            return
        order = sorted(firsts.values(), key=lambda index: candidates[index].event_id)
        fresh = await self._take_keys([candidates[index] for index in order])
        records: list[tuple[object, ...]] = []
        replayed: list[UUID] = []
        for index in order:
            candidate = candidates[index]
            if fresh is not None and _key(candidate) not in fresh:
                continue
            results[index] = ACCEPTED
            records.append(_record(len(records), candidate))
            self._coverage.add(candidate)
            if candidate.judgement.stamps_trait and candidate.user_id:
                self._stamps.append(_stamp(candidate))
            if candidate.dead_letter is not None:
                replayed.append(candidate.dead_letter)
        if records:
            await self._connection.copy_records_to_table("events", records=records, columns=_COLUMNS)
        known = [index for index in order if results[index] is None]
        if known:
            await self._settle_known(candidates, known, results)
        await mark_replayed(self._connection, replayed)

    async def _take_keys(self, candidates: Sequence[Candidate]) -> set[tuple[UUID, Place]] | None:
        """Take the keys that nobody has; return them, or None if that is all of them."""
        # Almost always they are all new, and a copy costs half of an insert that looks for what is there.
        records = [(each.event_id, each.environment, each.tenant, each.digest) for each in candidates]
        await self._connection.execute("SAVEPOINT keys")
        try:
            await self._connection.copy_records_to_table("event_keys", records=records, columns=_KEY_COLUMNS)
        except asyncpg.UniqueViolationError:
            await self._connection.execute("ROLLBACK TO SAVEPOINT keys")
            return await self._take_those_left(candidates)
        return None

    async def _take_those_left(self, candidates: Sequence[Candidate]) -> set[tuple[UUID, Place]]:
        fresh: set[tuple[UUID, Place]] = set()
        # What the statement returns names the id alone: two tenants with the same id go in turn.
        for part in _without_same_ids(candidates):
            rows = await self._connection.fetch(
                _TAKE_KEYS,
                [candidate.event_id for candidate in part],
                [candidate.environment for candidate in part],
                [candidate.tenant for candidate in part],
                [candidate.digest for candidate in part],
            )
            taken = {row[0] for row in rows}
            fresh.update([_key(candidate) for candidate in part if candidate.event_id in taken])
        return fresh

    async def _settle_known(
        self, candidates: Sequence[Candidate], indexes: Sequence[int], results: list[Result | None]
    ) -> None:
        digests = await self._known_digests([candidates[index] for index in indexes])
        replayed: list[UUID] = []
        for index in indexes:
            candidate = candidates[index]
            results[index] = _repeated(candidate.digest, digests[_key(candidate)])
            if candidate.dead_letter is not None:
                replayed.append(candidate.dead_letter)
        await mark_replayed(self._connection, replayed)

    async def _known_digests(self, candidates: Sequence[Candidate]) -> dict[tuple[UUID, Place], int]:
        rows = await self._connection.fetch(_KNOWN_KEYS, [candidate.event_id for candidate in candidates])
        return {(row[0], (row[1], row[2])): row[3] for row in rows}

    async def _write_letters(
        self, candidates: Sequence[Candidate], indexes: Sequence[int], results: list[Result | None]
    ) -> None:
        digests = await self._known_digests([candidates[index] for index in indexes])
        left = []
        for index in sorted(indexes, key=lambda index: candidates[index].event_id):
            digest = digests.get(_key(candidates[index]))
            if digest is None:
                left.append(index)
            else:
                results[index] = _repeated(candidates[index].digest, digest)
        kept = await keep_dead_letters(self._connection, [candidates[index] for index in left])
        for index, letter in zip(left, kept, strict=True):
            candidate = candidates[index]
            if letter.is_new:
                self._coverage.add(candidate)
            violation = candidate.violation
            results[index] = rejected(
                candidate.judgement.reason, violation.field, violation.description, dead_letter_id=str(letter.id)
            )


def _key(candidate: Candidate) -> tuple[UUID, Place]:
    return candidate.event_id, (candidate.environment, candidate.tenant)


def _record(number: int, candidate: Candidate) -> tuple[object, ...]:
    return (
        number,
        candidate.environment,
        candidate.tenant,
        candidate.subject,
        candidate.name,
        candidate.event_id,
        candidate.occurred_at,
        candidate.body,
    )


def _repeated(digest: int, stored: int) -> Result:
    if digest == stored:
        return DUPLICATE
    return rejected(reasons.ERROR_REASON_EVENT_ID_REUSED, "id", "was used for another event")


def _stamp(candidate: Candidate) -> TraitStamp:
    at: datetime.datetime = candidate.occurred_at
    return TraitStamp(candidate.environment, candidate.tenant, candidate.user_id, candidate.judgement.stamps_trait, at)


def _without_same_ids(candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    """Return the candidates in parts within which no id stands twice."""
    if len({candidate.event_id for candidate in candidates}) == len(candidates):
        return [list(candidates)]
    parts: list[dict[UUID, Candidate]] = []
    for candidate in candidates:
        part = next((part for part in parts if candidate.event_id not in part), None)
        if part is None:
            parts.append(part := {})
        part[candidate.event_id] = candidate
    return [list(part.values()) for part in parts]


async def _save_position(connection: Any, position: ImportPosition, accepted: int) -> None:
    await connection.execute(_SAVE_POSITION, position.environment, position.import_key, position.position, accepted)
