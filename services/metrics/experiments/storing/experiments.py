"""Experiments in Postgres: each change is recorded with who made it."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.metrics.v1 import experiment_pb2 as pb2

from services.runtime.errors import EtagMismatch, NotFound
from services.runtime.pages import page_token
from services.runtime.postgres.pool import PostgresPool

_BEGIN: Final = "INSERT INTO experiment_environments (environment) VALUES ($1) ON CONFLICT DO NOTHING"
_LOCK: Final = "SELECT 1 FROM experiment_environments WHERE environment = $1 FOR UPDATE"
_RECORD: Final = "SELECT record, version, created_at, updated_at, updated_by FROM experiments"
_GET: Final = f"{_RECORD} WHERE environment = $1 AND key = $2"
_PAGE: Final = f"""
    {_RECORD} WHERE environment = $1 AND key > $2 AND state = ANY($3) AND ($4 = '' OR flag_key = $4)
    ORDER BY key LIMIT $5
"""
_IN_STATES: Final = f"{_RECORD} WHERE environment = $1 AND state = ANY($2) ORDER BY key"
_INSERT: Final = """
    INSERT INTO experiments (environment, key, version, state, flag_key, record, created_at, updated_at, updated_by)
    VALUES ($1, $2, 1, $3, $4, $5, $6, $6, $7) ON CONFLICT DO NOTHING RETURNING 1
"""
_UPDATE: Final = """
    UPDATE experiments SET version = version + 1, state = $3, flag_key = $4, record = $5, updated_at = $6,
        updated_by = $7, report = coalesce($8, report)
    WHERE environment = $1 AND key = $2
"""
_ADD_CHANGE: Final = """
    INSERT INTO experiment_changes (environment, key, version, action, actor, at, comment, state, record)
    SELECT environment, key, version, $3, updated_by, updated_at, $4, state, record FROM experiments
    WHERE environment = $1 AND key = $2
"""
_HISTORY: Final = """
    SELECT version, action, actor, at, comment, state, record FROM experiment_changes
    WHERE environment = $1 AND key = $2 AND ($3::bigint IS NULL OR version < $3) ORDER BY version DESC LIMIT $4
"""
_REPORT: Final = "SELECT report FROM experiments WHERE environment = $1 AND key = $2"


@dataclass(frozen=True, slots=True)
class Noted:
    """A change: what was done, by whom, when, and what was said about it."""

    action: str
    actor: str
    at: datetime.datetime
    comment: str


async def lock_environment(connection: asyncpg.Connection, environment: str) -> None:
    """Let changes of an environment's experiments happen one after the other."""
    await connection.execute(_BEGIN, environment)
    await connection.execute(_LOCK, environment)


async def record_for_change(
    connection: asyncpg.Connection, environment: str, key: str, etag: str
) -> pb2.ExperimentRecord:
    """
    Return an experiment that is to be changed, in a transaction that has locked its environment.

    Raises:
        NotFound: there is none.
        EtagMismatch: it was changed since the caller read it.
    """
    row = await connection.fetchrow(_GET, environment, key)
    if row is None:
        raise no_such_experiment(key)
    record = _record(row)
    if etag and etag != record.etag:
        raise EtagMismatch("the experiment was changed since it was read", metadata={"etag": record.etag})
    return record


async def experiments_in(
    connection: asyncpg.Connection, environment: str, states: Sequence[pb2.ExperimentState.ValueType]
) -> list[pb2.ExperimentRecord]:
    """Return all experiments in some states."""
    return [_record(row) for row in await connection.fetch(_IN_STATES, environment, list(states))]


async def insert_record(
    connection: asyncpg.Connection, environment: str, record: pb2.ExperimentRecord, noted: Noted
) -> pb2.ExperimentRecord | None:
    """Add an experiment, and return it as it is now; None when its key is taken."""
    key, flag_key = record.experiment.key, record.experiment.flag_key
    added = await connection.fetchval(
        _INSERT, environment, key, record.state, flag_key, _bytes(record), noted.at, noted.actor
    )
    if not added:
        return None
    await connection.execute(_ADD_CHANGE, environment, key, noted.action, noted.comment)
    return await record_for_change(connection, environment, key, "")


async def replace_record(
    connection: asyncpg.Connection,
    environment: str,
    record: pb2.ExperimentRecord,
    noted: Noted,
    report: str | None = None,
) -> pb2.ExperimentRecord:
    """Make this the next version of an experiment, with its report where there is one; return it as it is now."""
    key, flag_key = record.experiment.key, record.experiment.flag_key
    await connection.execute(
        _UPDATE, environment, key, record.state, flag_key, _bytes(record), noted.at, noted.actor, report
    )
    await connection.execute(_ADD_CHANGE, environment, key, noted.action, noted.comment)
    return await record_for_change(connection, environment, key, "")


def no_such_experiment(key: str) -> NotFound:
    """Return the error for an experiment that there is not."""
    return NotFound(
        f"there is no experiment {key!r}",
        reason=reasons.ERROR_REASON_EXPERIMENT_NOT_FOUND,
        metadata={"experiment_key": key},
    )


class PostgresExperiments:
    """Reads experiments. All methods raise `Unavailable` when the database does not answer."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def get(self, environment: str, key: str) -> pb2.ExperimentRecord:
        """Return an experiment; raise `NotFound`."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(_GET, environment, key)
        if row is None:
            raise no_such_experiment(key)
        return _record(row)

    async def all(
        self, environment: str, states: Sequence[pb2.ExperimentState.ValueType]
    ) -> Sequence[pb2.ExperimentRecord]:
        """Return all experiments in some states, by key."""
        async with self._pool.connection() as connection:
            return await experiments_in(connection, environment, states)

    async def page(
        self,
        environment: str,
        after: str,
        size: int,
        *,
        states: Sequence[pb2.ExperimentState.ValueType],
        flag_key: str,
    ) -> tuple[Sequence[pb2.ExperimentRecord], str]:
        """Return experiments by key, behind one, and the token of the next page."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_PAGE, environment, after, list(states), flag_key, size + 1)
        records = [_record(row) for row in rows[:size]]
        return records, page_token(records[-1].experiment.key) if len(rows) > size else ""

    async def history(
        self, environment: str, key: str, before: int | None, size: int
    ) -> tuple[Sequence[pb2.ExperimentChange], str]:
        """Return changes, newest first, and the token of the next page; raise `NotFound`."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_HISTORY, environment, key, before, size + 1)
        if not rows and before is None:
            raise no_such_experiment(key)
        changes = [_change(row) for row in rows[:size]]
        return changes, page_token(str(changes[-1].version)) if len(rows) > size else ""

    async def report(self, environment: str, key: str) -> str | None:
        """Return the report that was written; None when none was."""
        async with self._pool.connection() as connection:
            report = await connection.fetchval(_REPORT, environment, key)
        return None if report is None else str(report)


def _bytes(record: pb2.ExperimentRecord) -> bytes:
    stored = pb2.ExperimentRecord()
    stored.CopyFrom(record)
    for field in ("version", "etag", "created_at", "updated_at", "updated_by"):
        stored.ClearField(field)
    return stored.SerializeToString()


def _record(row: Any) -> pb2.ExperimentRecord:
    record = pb2.ExperimentRecord.FromString(row["record"])
    record.version, record.etag, record.updated_by = row["version"], str(row["version"]), row["updated_by"]
    record.created_at.FromDatetime(row["created_at"])
    record.updated_at.FromDatetime(row["updated_at"])
    return record


def _change(row: Any) -> pb2.ExperimentChange:
    change = pb2.ExperimentChange(
        version=row["version"],
        action=row["action"],
        actor=row["actor"],
        comment=row["comment"],
        state=row["state"],
        experiment=pb2.ExperimentRecord.FromString(row["record"]).experiment,
    )
    change.at.FromDatetime(row["at"])
    return change
