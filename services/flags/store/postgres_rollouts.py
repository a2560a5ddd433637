"""Rollout plans in Postgres."""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

import asyncpg
from mirante.api.flags.v1 import rollout_guard_pb2, rollout_pb2

from services.flags.rollouts.model import STARTED, State
from services.flags.rollouts.records import Happening, StoredReport, StoredRollout
from services.flags.store import Kind
from services.flags.store.rollout_rows import COLUMNS, event, event_row, report, rollout, rollout_row
from services.flags.store.rollouts import Watched
from services.runtime.postgres.pool import PostgresPool

_VALUES: Final = ", ".join(f"${number}" for number in range(1, COLUMNS.count(",") + 2))
_REPLACED: Final = ", ".join(
    f"{name} = excluded.{name}" for name in COLUMNS.split(", ") if name not in ("id", "environment", "flag_key")
)
_PUT: Final = f"""
    INSERT INTO rollouts ({COLUMNS}) VALUES ({_VALUES}) ON CONFLICT (id) DO UPDATE SET {_REPLACED}
"""  # noqa: S608 - constants only
_EVENT: Final = "INSERT INTO rollout_events VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
_WITH_REPORT: Final = """
    SELECT r.*, g.step AS report_step, g.report
    FROM rollouts AS r LEFT JOIN rollout_guard_reports AS g ON g.rollout_id = r.id
"""
_FIND: Final = f"{_WITH_REPORT} WHERE r.environment = $1 AND r.id = $2"
_PAGE: Final = f"""{_WITH_REPORT}
    WHERE r.environment = $1 AND ($2 = '' OR r.flag_key = $2) AND (cardinality($3::text[]) = 0 OR r.state = ANY ($3))
        AND ($4::timestamptz IS NULL OR (r.created_at, r.id) < ($4, $5::uuid))
    ORDER BY r.created_at DESC, r.id DESC
    LIMIT $6
"""
_WATCHED: Final = """
    SELECT r.*, g.step AS report_step, g.report, coalesce(d.version, 0) AS now_version
    FROM rollouts AS r
    LEFT JOIN rollout_guard_reports AS g ON g.rollout_id = r.id
    LEFT JOIN definitions AS d ON d.environment = r.environment AND d.kind = $1 AND d.key = r.flag_key
    WHERE r.state IN ('running', 'waiting_for_approval') OR (r.state = 'held' AND r.hold_reason = 'guards_blind')
"""
_REPORT: Final = """
    INSERT INTO rollout_guard_reports
    SELECT id, step, $4 FROM rollouts WHERE environment = $1 AND id = $2 AND step = $3
    ON CONFLICT (rollout_id) DO UPDATE SET step = excluded.step, report = excluded.report
    RETURNING rollout_id
"""


class PostgresRolloutChange:
    """The `RolloutChange` within the transaction of a `PostgresChange`."""

    def __init__(self, connection: asyncpg.Connection, environment: str) -> None:
        self._connection = connection
        self._environment = environment
        self._put: list[tuple[StoredRollout, Happening | None, datetime.datetime]] = []
        self._removed: list[str] = []

    async def find(self, rollout_id: str) -> StoredRollout | None:
        """See `RolloutChange`."""
        row = await self._connection.fetchrow(
            "SELECT * FROM rollouts WHERE environment = $1 AND id = $2", self._environment, rollout_id
        )
        return None if row is None else rollout(row)

    async def started(self, flag_key: str) -> StoredRollout | None:
        """See `RolloutChange`."""
        row = await self._connection.fetchrow(
            "SELECT * FROM rollouts WHERE environment = $1 AND flag_key = $2 AND state = ANY ($3)",
            *(self._environment, flag_key, [each.value for each in STARTED]),
        )
        return None if row is None else rollout(row)

    async def report(self, rollout_id: str) -> StoredReport | None:
        """See `RolloutChange`."""
        row = await self._connection.fetchrow(
            "SELECT step AS report_step, report FROM rollout_guard_reports WHERE rollout_id = $1", rollout_id
        )
        return None if row is None else report(row)

    async def drafts(self, flag_key: str) -> int:
        """See `RolloutChange`."""
        count: int = await self._connection.fetchval(
            "SELECT count(*) FROM rollouts WHERE environment = $1 AND flag_key = $2 AND state = 'draft'",
            *(self._environment, flag_key),
        )
        return count

    def put(self, stored: StoredRollout, happening: Happening | None, *, at: datetime.datetime) -> StoredRollout:
        """See `RolloutChange`."""
        if happening is not None:
            stored = replace(stored, version=stored.version + 1, updated_at=at, updated_by=happening.actor)
        self._put.append((stored, happening, at))
        return stored

    def remove(self, rollout_id: str) -> None:
        """See `RolloutChange`."""
        self._removed.append(rollout_id)

    async def write(self, revision: int) -> None:
        """Write what was put; the revision is 0 when no flag is written with it."""
        for stored, happening, at in self._put:
            await self._connection.execute(_PUT, *rollout_row(stored))
            if happening is not None:
                await self._connection.execute(_EVENT, *event_row(stored, happening, revision, at))
        for rollout_id in self._removed:
            await self._connection.execute("DELETE FROM rollouts WHERE id = $1", rollout_id)


class PostgresRollouts:
    """The `RolloutStore` on Postgres."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def find(self, environment: str, rollout_id: str) -> tuple[StoredRollout, StoredReport | None] | None:
        """See `RolloutStore`."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(_FIND, environment, rollout_id)
        return None if row is None else (rollout(row), report(row))

    async def events(self, rollout_id: str, limit: int) -> Sequence[rollout_pb2.RolloutEvent]:
        """See `RolloutStore`."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(
                "SELECT * FROM rollout_events WHERE rollout_id = $1 ORDER BY version DESC LIMIT $2", rollout_id, limit
            )
        return [event(row) for row in rows]

    async def page(
        self,
        environment: str,
        *,
        flag_key: str,
        states: Collection[State],
        before: tuple[datetime.datetime, str] | None,
        limit: int,
    ) -> Sequence[tuple[StoredRollout, StoredReport | None]]:
        """See `RolloutStore`."""
        at, rollout_id = before or (None, None)
        names = [each.value for each in states]
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_PAGE, environment, flag_key, names, at, rollout_id, limit)
        return [(rollout(row), report(row)) for row in rows]

    async def watched(self) -> Sequence[Watched]:
        """See `RolloutStore`."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_WATCHED, Kind.FLAG.value)
        return [Watched(rollout(row), report(row), row["now_version"]) for row in rows]

    async def report(
        self, environment: str, rollout_id: str, step: int, message: rollout_guard_pb2.GuardReport
    ) -> bool:
        """See `RolloutStore`."""
        async with self._pool.transaction() as connection:
            taken = await connection.fetchval(_REPORT, environment, rollout_id, step, message.SerializeToString())
        return taken is not None
