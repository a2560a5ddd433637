"""What there is once for each environment, and its lock, which puts all changes of alerts and rules in order."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg
from mirante.api.metrics.v1 import alert_pb2 as pb2

from services.runtime.postgres.pool import PostgresPool

SYSTEM: Final = "mirante"
"""Who has done what no person has done."""
GRACE: Final = datetime.timedelta(minutes=2)
"""An hour is judged once the log was read up to so long after its end, and that is written."""
SETTLING: Final = datetime.timedelta(minutes=10)
"""At least so long passes between the beginning of an environment and the first hour that is judged."""

_BEGIN: Final = """
    INSERT INTO alert_environments (environment, judged_hour) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1
"""
_LOCK: Final = """
    SELECT revision, rules_revision, judged_hour FROM alert_environments WHERE environment = $1 FOR UPDATE
"""
_GET: Final = "SELECT revision, rules_revision, judged_hour FROM alert_environments WHERE environment = $1"
_SAVE: Final = """
    UPDATE alert_environments SET revision = $2, rules_revision = $3, judged_hour = $4 WHERE environment = $1
"""
_ADD_RULE: Final = """
    INSERT INTO alert_rules (environment, key, version, deleted, rule, created_at, updated_at, updated_by)
    VALUES ($1, $2, 1, false, $3, $4, $4, $5)
"""
_ADD_VERSION: Final = """
    INSERT INTO alert_rule_versions (environment, key, version, deleted, rule, actor, at, comment)
    VALUES ($1, $2, 1, false, $3, $5, $4, '')
"""


@dataclass(slots=True)
class EnvironmentRow:
    """`revision` is that of alerts; `judged_hour` the last hour that was judged."""

    revision: int
    rules_revision: int
    judged_hour: datetime.datetime

    def next_revision(self) -> int:
        """Take and return the next revision of an alert."""
        self.revision += 1
        return self.revision


async def lock_environment(connection: asyncpg.Connection, environment: str) -> EnvironmentRow:
    """Lock an environment that was begun until the transaction ends."""
    return EnvironmentRow(**dict(await connection.fetchrow(_LOCK, environment)))


async def save_environment(connection: asyncpg.Connection, environment: str, row: EnvironmentRow) -> None:
    """Write what `lock_environment` has returned, changed."""
    await connection.execute(_SAVE, environment, row.revision, row.rules_revision, row.judged_hour)


class PostgresEnvironments:
    """
    Environments as alerts know them.

    Args:
        pool: of the service's database.
        rules: those that an environment begins with.
    """

    def __init__(self, pool: PostgresPool, rules: Sequence[pb2.AlertRule]) -> None:
        self._pool = pool
        self._rules = rules
        self._begun: set[str] = set()

    async def begin(self, environment: str, now: datetime.datetime) -> None:
        """
        Make sure that an environment is known, with its first rules. The next whole hour is the first to be judged: a
        new installation often brings in its past first, and a part of that says nothing about what is usual.

        Raises:
            Unavailable: the database does not answer.
        """
        if environment in self._begun:
            return
        judged = (now + SETTLING).replace(minute=0, second=0, microsecond=0)
        async with self._pool.transaction() as connection:
            if await connection.fetchval(_BEGIN, environment, judged):
                for rule in self._rules:
                    values = (environment, rule.key, rule.SerializeToString(), now, SYSTEM)
                    await connection.execute(_ADD_RULE, *values)
                    await connection.execute(_ADD_VERSION, *values)
        self._begun.add(environment)

    async def get(self, environment: str) -> EnvironmentRow:
        """Return an environment that was begun; raise `Unavailable`."""
        async with self._pool.connection() as connection:
            return EnvironmentRow(**dict(await connection.fetchrow(_GET, environment)))
