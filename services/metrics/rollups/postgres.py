"""The roll-ups in Postgres."""

import asyncio
import dataclasses
import datetime
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

from services.metrics.live.numbers import Number
from services.metrics.rollups import Hour, HourKey, HourRow, Progress, Writing
from services.metrics.rollups.rows import is_empty, minutes_from, minutes_text
from services.runtime.postgres.leadership import NOT_COMMITTED
from services.runtime.postgres.outages import UNREACHABLE, unavailable
from services.runtime.postgres.pool import PostgresPool

_ID_BYTES: Final = 16
_KEPT_DAYS: Final = 400
_WORK_SECONDS: Final = 60.0

_PROGRESS: Final = "SELECT cursor, last_entries, written_at FROM metric_progress WHERE environment = $1"
_REPLAY: Final = """
    SELECT cursor, last_entry FROM metric_replay_cursors
    WHERE environment = $1 AND saved_at <= $2 ORDER BY saved_at DESC LIMIT 1
"""
_ROW: Final = "SELECT tenant, metric, currency, hour, value, denominator, minutes FROM metric_hours"
_HOURS: Final = f"{_ROW} WHERE environment = $1 AND hour = ANY($2)"
_BETWEEN: Final = f"""
    {_ROW} WHERE environment = $1 AND tenant = $2 AND metric = $3 AND hour BETWEEN $4 AND $5 ORDER BY hour
"""
_WHOLES: Final = """
    SELECT tenant, metric, currency, hour, value, denominator FROM metric_hours
    WHERE environment = $1 AND tenant = $2 AND metric = $3 AND hour BETWEEN $4 AND $5 ORDER BY hour
"""
_KEYED: Final = f"""
    {_ROW} JOIN unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[]) AS wanted (tenant, metric, currency, hour)
    USING (tenant, metric, currency, hour) WHERE environment = $1
"""
_UPSERT: Final = """
    INSERT INTO metric_hours (environment, tenant, metric, currency, hour, value, denominator, minutes)
    SELECT $1, * FROM unnest(
        $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::numeric[], $7::numeric[], $8::text[]
    )
    ON CONFLICT (environment, tenant, metric, currency, hour)
    DO UPDATE SET value = excluded.value, denominator = excluded.denominator, minutes = excluded.minutes
"""
_DELETE: Final = """
    DELETE FROM metric_hours USING unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[])
        AS gone (tenant, metric, currency, hour)
    WHERE metric_hours.environment = $1 AND metric_hours.tenant = gone.tenant AND metric_hours.metric = gone.metric
        AND metric_hours.currency = gone.currency AND metric_hours.hour = gone.hour
"""
_DELETE_TENANTS: Final = tuple(
    f"DELETE FROM {table} WHERE environment = $1 AND tenant = ANY($2)"  # noqa: S608 - names of ours
    for table in ("metric_hours", "alert_detectors", "alerts")
)
_DELETE_DELIVERIES: Final = """
    DELETE FROM alert_deliveries USING alerts
    WHERE alerts.id = alert_id AND alerts.environment = $1 AND tenant = ANY($2)
"""
# Whoever has read detectors reads them anew.
_DETECTORS_CHANGED: Final = """
    UPDATE alert_environments SET rules_revision = rules_revision + 1 WHERE environment = $1
"""
_SAVE_PROGRESS: Final = """
    INSERT INTO metric_progress (environment, cursor, last_entries, written_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (environment) DO UPDATE SET cursor = $2, last_entries = $3, written_at = $4
"""
_SAVE_REPLAY: Final = """
    INSERT INTO metric_replay_cursors (environment, cursor, last_entry, saved_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING
"""
# After a long stand-still the newest of the old ones is the one that is needed.
_FORGET_REPLAYS: Final = """
    DELETE FROM metric_replay_cursors WHERE environment = $1 AND saved_at < (
        SELECT max(saved_at) FROM metric_replay_cursors WHERE environment = $1 AND saved_at < $2
    )
"""
_FORGET_HOURS: Final = "DELETE FROM metric_hours WHERE environment = $1 AND hour < $2"
_REPLAYS_KEPT: Final = datetime.timedelta(days=3)


class PostgresRollups:
    """The `RollupReader` on Postgres."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def progress(self, environment: str, replay_before: datetime.datetime) -> Progress | None:
        """See `RollupReader`."""
        async with self._pool.transaction() as connection:
            row = await connection.fetchrow(_PROGRESS, environment)
            replay = await connection.fetchrow(_REPLAY, environment, replay_before)
        if row is None:
            return None
        ids = row["last_entries"]
        last = tuple(ids[start : start + _ID_BYTES] for start in range(0, len(ids), _ID_BYTES))
        progress = Progress(row["cursor"], last, row["written_at"])
        if replay is None:
            return progress
        return dataclasses.replace(progress, replay=replay["cursor"], replay_after=replay["last_entry"])

    async def hours(self, environment: str, hours: Collection[Hour]) -> Mapping[HourKey, HourRow]:
        """See `RollupReader`."""
        async with self._pool.connection() as connection:
            return _rows(await connection.fetch(_HOURS, environment, [_time(hour) for hour in hours]))

    async def between(
        self, environment: str, tenant: str, metric: str, first: Hour, last: Hour
    ) -> Mapping[HourKey, HourRow]:
        """See `RollupReader`."""
        async with self._pool.connection() as connection:
            return _rows(await connection.fetch(_BETWEEN, environment, tenant, metric, _time(first), _time(last)))

    async def wholes(
        self, environment: str, tenant: str, metric: str, first: Hour, last: Hour
    ) -> Mapping[HourKey, Number]:
        """See `RollupReader`."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_WHOLES, environment, tenant, metric, _time(first), _time(last))
        return {_key(row): _whole(row) for row in rows}


class LeaderRollups:
    """
    The `RollupWriter` on the connection that holds the leader's lock: when that is lost, so is what was not committed.
    """

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()

    async def check(self) -> None:
        """Raise `Unavailable` when the connection, and the lead with it, is lost."""
        async with self._answering():
            await self._connection.execute("SELECT 1")

    async def rows(self, environment: str, keys: Collection[HourKey]) -> Mapping[HourKey, HourRow]:
        """See `RollupWriter`."""
        if not keys:
            return {}
        async with self._answering():
            return _rows(await self._connection.fetch(_KEYED, environment, *_columns(keys)))

    async def write(self, environment: str, writing: Writing) -> None:
        """See `RollupWriter`."""
        kept = {key: row for key, row in writing.rows.items() if not is_empty(row)}
        gone = [key for key in writing.rows if key not in kept]
        async with self._answering(), self._connection.transaction():
            execute = self._connection.execute
            if writing.erased:
                await execute(_DETECTORS_CHANGED, environment)
                await execute(_DELETE_DELIVERIES, environment, list(writing.erased))
                for statement in _DELETE_TENANTS:
                    await execute(statement, environment, list(writing.erased))
            if gone:
                await execute(_DELETE, environment, *_columns(gone))
            if kept:
                rows = kept.values()
                await execute(
                    _UPSERT,
                    environment,
                    *_columns(kept),
                    [row.whole.value for row in rows],
                    [row.whole.denominator for row in rows],
                    [minutes_text(row.minutes) for row in rows],
                )
            await execute(_SAVE_PROGRESS, environment, writing.cursor, b"".join(writing.last_entries), writing.at)
            if writing.replay:
                newest = writing.last_entries[-1] if writing.last_entries else b""
                await execute(_SAVE_REPLAY, environment, writing.cursor, newest, writing.at)
                await execute(_FORGET_REPLAYS, environment, writing.at - _REPLAYS_KEPT)
                await execute(_FORGET_HOURS, environment, writing.at - datetime.timedelta(days=_KEPT_DAYS))

    async def begin_anew(self, environment: str) -> None:
        """See `RollupWriter`."""
        async with self._answering(), self._connection.transaction():
            await self._connection.execute(_DETECTORS_CHANGED, environment)
            for table in (
                "metric_hours",
                "metric_progress",
                "metric_replay_cursors",
                "alert_detectors",
                "alert_priors",
            ):
                await self._connection.execute(f"DELETE FROM {table} WHERE environment = $1", environment)  # noqa: S608 - names of ours

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend the connection for one transaction; raise `Unavailable` when the lead is lost: nothing was done then."""
        async with self._answering(), self._connection.transaction():
            yield self._connection

    @asynccontextmanager
    async def _answering(self) -> AsyncIterator[None]:
        """One at a time uses the connection."""
        try:
            async with self._turn, asyncio.timeout(_WORK_SECONDS):
                yield
        except UNREACHABLE as error:
            raise unavailable(error, NOT_COMMITTED) from error


def _columns(keys: Collection[HourKey]) -> tuple[list[str], list[str], list[str], list[datetime.datetime]]:
    return (
        [key.tenant for key in keys],
        [key.metric for key in keys],
        [key.currency for key in keys],
        [_time(key.hour) for key in keys],
    )


def _rows(rows: Collection[Any]) -> dict[HourKey, HourRow]:
    return {_key(row): HourRow(_whole(row), minutes_from(row["minutes"])) for row in rows}


def _key(row: Any) -> HourKey:
    return HourKey(row["tenant"], row["metric"], row["currency"], int(row["hour"].timestamp()) // 3600)


def _whole(row: Any) -> Number:
    denominator = row["denominator"]
    return Number(row["value"], None if denominator is None else int(denominator))


def _time(hour: Hour) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(hour * 3600, datetime.UTC)
