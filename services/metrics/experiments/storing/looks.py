"""What all looks have said, in Postgres: whoever computes results adds to it, and nothing is ever taken back."""

import datetime
from collections.abc import Mapping
from typing import Any, Final

from services.metrics.experiments.results.looking import Kept
from services.metrics.experiments.statistics.always_valid import Running
from services.metrics.experiments.statistics.facts import HorizonTest
from services.metrics.experiments.statistics.intervals import Interval
from services.runtime.postgres.pool import PostgresPool

_LOAD: Final = "SELECT * FROM experiment_looks WHERE environment = $1 AND key = $2"
_SAVE: Final = """
    INSERT INTO experiment_looks AS kept
        (environment, key, metric, arm, p, lower, upper, harmed, harmless, horizon_p, horizon_difference, horizon_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    ON CONFLICT (environment, key, metric, arm) DO UPDATE SET
        p = least(kept.p, excluded.p), lower = greatest(kept.lower, excluded.lower),
        upper = least(kept.upper, excluded.upper), harmed = kept.harmed OR excluded.harmed,
        harmless = kept.harmless OR excluded.harmless,
        horizon_difference = CASE WHEN kept.horizon_p IS NULL THEN excluded.horizon_difference
            ELSE kept.horizon_difference END,
        horizon_at = CASE WHEN kept.horizon_p IS NULL THEN excluded.horizon_at ELSE kept.horizon_at END,
        horizon_p = coalesce(kept.horizon_p, excluded.horizon_p)
"""


class PostgresLooks:
    """Keeps looks. All methods raise `Unavailable` when the database does not answer."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def load(self, environment: str, key: str) -> dict[tuple[str, str], Kept]:
        """Return what was kept of an experiment, by metric and arm."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_LOAD, environment, key)
        return {(row["metric"], row["arm"]): _kept(row) for row in rows}

    async def save(self, environment: str, key: str, looks: Mapping[tuple[str, str], Kept]) -> None:
        """Add looks to what was kept, whoever else does so at the same time."""
        rows = [(environment, key, *place, *_columns(kept)) for place, kept in sorted(looks.items())]
        async with self._pool.transaction() as connection:
            await connection.executemany(_SAVE, rows)


def _kept(row: Any) -> Kept:
    horizon = None if row["horizon_p"] is None else HorizonTest(row["horizon_p"], row["horizon_difference"])
    return Kept(
        Running(row["p"], Interval(row["lower"], row["upper"])),
        row["harmed"],
        row["harmless"],
        horizon,
        None if row["horizon_at"] is None else round(row["horizon_at"].timestamp() * 1_000_000),
    )


def _columns(kept: Kept) -> tuple[object, ...]:
    interval, horizon = kept.running.interval, kept.horizon
    at = None
    if kept.horizon_at is not None and horizon is not None:
        at = datetime.datetime.fromtimestamp(kept.horizon_at / 1_000_000, datetime.UTC)
    test = (None, None) if horizon is None else (horizon.p, horizon.difference)
    return kept.running.p, interval.lower, interval.upper, kept.harmed, kept.harmless, *test, at
