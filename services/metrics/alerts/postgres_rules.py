"""Rules in Postgres: each version is kept."""

import datetime
from collections.abc import Sequence
from typing import Any, Final

import asyncpg
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.metrics.v1 import alert_pb2 as pb2

from services.runtime.errors import EtagMismatch, NotFound
from services.runtime.pages import page_token
from services.runtime.postgres.pool import PostgresPool

_OPEN: Final = """
    (SELECT count(*) FROM alerts WHERE alerts.environment = alert_rules.environment AND rule_key = key AND state <> 3)
"""
_RECORD: Final = f"""
    SELECT rule, version, deleted, created_at, updated_at, updated_by, {_OPEN} AS open_alerts FROM alert_rules
"""  # noqa: S608 - constants only
_GET: Final = f"{_RECORD} WHERE environment = $1 AND key = $2"
_PAGE: Final = f"{_RECORD} WHERE environment = $1 AND key > $2 AND NOT deleted ORDER BY key LIMIT $3"
_ENABLED: Final = "SELECT rule, version FROM alert_rules WHERE environment = $1 AND NOT deleted ORDER BY key"
_COUNT: Final = "SELECT count(*) FROM alert_rules WHERE environment = $1 AND NOT deleted"
_INSERT: Final = """
    INSERT INTO alert_rules (environment, key, version, deleted, rule, created_at, updated_at, updated_by)
    VALUES ($1, $2, 1, false, $3, $4, $4, $5) ON CONFLICT DO NOTHING RETURNING 1
"""
_UPDATE: Final = """
    UPDATE alert_rules SET rule = $3, deleted = $4, version = version + 1, updated_at = $5, updated_by = $6
    WHERE environment = $1 AND key = $2
"""
_ADD_VERSION: Final = """
    INSERT INTO alert_rule_versions (environment, key, version, deleted, rule, actor, at, comment)
    SELECT environment, key, version, deleted, rule, updated_by, updated_at, $3 FROM alert_rules
    WHERE environment = $1 AND key = $2
"""
_HISTORY: Final = """
    SELECT version, deleted, rule, actor, at, comment FROM alert_rule_versions
    WHERE environment = $1 AND key = $2 AND ($3::bigint IS NULL OR version < $3) ORDER BY version DESC LIMIT $4
"""


async def rule_for_change(connection: asyncpg.Connection, environment: str, key: str, etag: str) -> pb2.AlertRuleRecord:
    """
    Return a rule that is to be changed, in a transaction that has locked its environment.

    Raises:
        NotFound: there is none, or it was deleted.
        EtagMismatch: it was changed since the caller read it.
    """
    record = await record_of(connection, environment, key)
    if record is None or record.deleted:
        raise no_such_rule(key)
    if etag and etag != record.etag:
        raise EtagMismatch("the rule was changed since it was read", metadata={"etag": record.etag})
    return record


async def record_of(connection: asyncpg.Connection, environment: str, key: str) -> pb2.AlertRuleRecord | None:
    """Return a rule, deleted or not; None when there never was one."""
    row = await connection.fetchrow(_GET, environment, key)
    return None if row is None else _record(row)


async def insert_rule(
    connection: asyncpg.Connection,
    environment: str,
    rule: pb2.AlertRule,
    *,
    at: datetime.datetime,
    actor: str,
    comment: str,
) -> bool:
    """Add a rule; return whether its key was free."""
    added = await connection.fetchval(_INSERT, environment, rule.key, rule.SerializeToString(), at, actor)
    if added:
        await connection.execute(_ADD_VERSION, environment, rule.key, comment)
    return bool(added)


async def replace_rule(
    connection: asyncpg.Connection,
    environment: str,
    rule: pb2.AlertRule,
    *,
    deleted: bool,
    at: datetime.datetime,
    actor: str,
    comment: str,
) -> None:
    """Make this the next version of a rule."""
    await connection.execute(_UPDATE, environment, rule.key, rule.SerializeToString(), deleted, at, actor)
    await connection.execute(_ADD_VERSION, environment, rule.key, comment)


async def count_rules(connection: asyncpg.Connection, environment: str) -> int:
    """Return how many rules there are that are not deleted."""
    return int(await connection.fetchval(_COUNT, environment))


def no_such_rule(key: str) -> NotFound:
    """Return the error for a rule that there is not."""
    return NotFound(
        f"there is no rule {key!r}", reason=reasons.ERROR_REASON_ALERT_RULE_NOT_FOUND, metadata={"rule_key": key}
    )


class PostgresRules:
    """Reads rules. All methods raise `Unavailable` when the database does not answer."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def get(self, environment: str, key: str) -> pb2.AlertRuleRecord:
        """Return a rule, deleted or not; raise `NotFound`."""
        async with self._pool.connection() as connection:
            record = await record_of(connection, environment, key)
        if record is None:
            raise no_such_rule(key)
        return record

    async def page(self, environment: str, after: str, size: int) -> tuple[Sequence[pb2.AlertRuleRecord], str]:
        """Return rules by key, behind one, and the token of the next page."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_PAGE, environment, after, size + 1)
        records = [_record(row) for row in rows[:size]]
        return records, page_token(records[-1].rule.key) if len(rows) > size else ""

    async def enabled(self, environment: str) -> Sequence[tuple[pb2.AlertRule, int]]:
        """Return the rules by which is judged, each with its version."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_ENABLED, environment)
        rules = [(pb2.AlertRule.FromString(row["rule"]), row["version"]) for row in rows]
        return [(rule, version) for rule, version in rules if not rule.disabled]

    async def history(
        self, environment: str, key: str, before: int | None, size: int
    ) -> tuple[Sequence[pb2.AlertRuleVersion], str]:
        """Return versions, newest first, and the token of the next page; raise `NotFound`."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_HISTORY, environment, key, before, size + 1)
        if not rows and before is None:
            raise no_such_rule(key)
        versions = [_version(row) for row in rows[:size]]
        return versions, page_token(str(versions[-1].version)) if len(rows) > size else ""


def _record(row: Any) -> pb2.AlertRuleRecord:
    record = pb2.AlertRuleRecord(
        rule=pb2.AlertRule.FromString(row["rule"]),
        version=row["version"],
        etag=str(row["version"]),
        deleted=row["deleted"],
        updated_by=row["updated_by"],
        open_alerts=row["open_alerts"],
    )
    record.created_at.FromDatetime(row["created_at"])
    record.updated_at.FromDatetime(row["updated_at"])
    return record


def _version(row: Any) -> pb2.AlertRuleVersion:
    version = pb2.AlertRuleVersion(
        version=row["version"],
        rule=pb2.AlertRule.FromString(row["rule"]),
        deleted=row["deleted"],
        actor=row["actor"],
        comment=row["comment"],
    )
    version.at.FromDatetime(row["at"])
    return version
