"""Rules as people change them."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import asyncpg
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.metrics.v1 import alert_pb2 as pb2

from services.metrics.alerts.alert_rows import COLUMNS, alert_of
from services.metrics.alerts.changes import Change, note_change
from services.metrics.alerts.judgements import resolve_by_system
from services.metrics.alerts.postgres_environments import EnvironmentRow, lock_environment, save_environment
from services.metrics.alerts.postgres_rules import (
    count_rules,
    insert_rule,
    no_such_rule,
    record_of,
    replace_rule,
    rule_for_change,
)
from services.metrics.alerts.rule_checks import check_rule
from services.metrics.alerts.rule_settings import covers, judged_anew
from services.metrics.definitions import Metrics
from services.runtime.errors import AlreadyExists, InvalidRequest, StateConflict
from services.runtime.postgres.pool import PostgresPool
from services.runtime.texts import check_text

MOST_RULES: Final = 200

_LONGEST_COMMENT: Final = 1_000
_WEBHOOKS: Final = "SELECT id FROM alert_webhooks WHERE environment = $1"
_DETECTORS: Final = "SELECT tenant, currency FROM alert_detectors WHERE environment = $1 AND rule_key = $2"
_FORGET: Final = """
    DELETE FROM alert_detectors USING unnest($3::text[], $4::text[]) AS gone (tenant, currency)
    WHERE environment = $1 AND rule_key = $2 AND alert_detectors.tenant = gone.tenant
        AND alert_detectors.currency = gone.currency
"""
_FORGET_PRIOR: Final = "DELETE FROM alert_priors WHERE environment = $1 AND rule_key = $2"
_UNRESOLVED: Final = f"""
    SELECT {COLUMNS} FROM alerts WHERE environment = $1 AND rule_key = $2 AND state <> 3 ORDER BY id FOR UPDATE
"""  # noqa: S608 - constants only


@dataclass(frozen=True, slots=True)
class _Gone:
    """Which scopes of a rule, by tenant and currency, are not judged any more as they were."""

    rule: pb2.AlertRule
    of: Callable[[str, str], bool]


class RuleDesk:
    """
    Changes rules. Whatever is raised, nothing was changed.

    Every method raises `Unavailable` when the database does not answer. Environments must have been begun.
    """

    def __init__(self, pool: PostgresPool, metrics: Metrics, clock: Callable[[], float]) -> None:
        self._pool = pool
        self._metrics = metrics
        self._clock = clock

    async def create(self, environment: str, rule: pb2.AlertRule, comment: str, actor: str) -> pb2.AlertRuleRecord:
        """
        Create a rule.

        Raises:
            InvalidRequest: a field is wrong.
            AlreadyExists: the key is taken, perhaps by one that was deleted.
            StateConflict: there are as many rules as there may be.
        """
        self._check(rule, comment)
        now = self._now()
        async with self._pool.transaction() as connection:
            row = await lock_environment(connection, environment)
            await _check_webhooks(connection, environment, rule)
            if await count_rules(connection, environment) >= MOST_RULES:
                raise StateConflict(f"there are {MOST_RULES} rules, which is the most")
            if not await insert_rule(connection, environment, rule, at=now, actor=actor, comment=comment):
                raise AlreadyExists(f"there is or was a rule {rule.key!r}", metadata={"key": rule.key})
            return await self._changed(connection, environment, row, rule.key, ("rule.create", actor, comment))

    async def update(
        self, environment: str, rule: pb2.AlertRule, *, etag: str, comment: str, actor: str
    ) -> pb2.AlertRuleRecord:
        """
        Replace a rule. What it has learned is kept where the change does not touch what is judged.

        Raises:
            InvalidRequest: a field is wrong.
            NotFound: there is none.
            EtagMismatch: it was changed since it was read.
        """
        self._check(rule, comment)
        if not etag:
            raise InvalidRequest.of("etag", "is required: that of the version that was read")
        now = self._now()
        async with self._pool.transaction() as connection:
            row = await lock_environment(connection, environment)
            before = await rule_for_change(connection, environment, rule.key, etag)
            await _check_webhooks(connection, environment, rule)
            await replace_rule(connection, environment, rule, deleted=False, at=now, actor=actor, comment=comment)
            anew = judged_anew(before.rule, rule)
            gone = _Gone(rule, lambda *scope: anew or not covers(rule, *scope))
            await _forget(connection, environment, row, gone, now)
            if anew:
                await connection.execute(_FORGET_PRIOR, environment, rule.key)
            return await self._changed(connection, environment, row, rule.key, ("rule.update", actor, comment))

    async def delete(self, environment: str, key: str, *, etag: str, comment: str, actor: str) -> pb2.AlertRuleRecord:
        """Delete a rule, and resolve its alerts; raise `NotFound` or `EtagMismatch`."""
        check_text("comment", comment, _LONGEST_COMMENT)
        now = self._now()
        async with self._pool.transaction() as connection:
            row = await lock_environment(connection, environment)
            rule = (await rule_for_change(connection, environment, key, etag)).rule
            await replace_rule(connection, environment, rule, deleted=True, at=now, actor=actor, comment=comment)
            await _forget(connection, environment, row, _Gone(rule, lambda *_: True), now)
            await connection.execute(_FORGET_PRIOR, environment, key)
            return await self._changed(connection, environment, row, key, ("rule.delete", actor, comment))

    async def _changed(
        self,
        connection: asyncpg.Connection,
        environment: str,
        row: EnvironmentRow,
        key: str,
        noted: tuple[str, str, str],
    ) -> pb2.AlertRuleRecord:
        row.rules_revision += 1
        await save_environment(connection, environment, row)
        action, actor, comment = noted
        await note_change(connection, environment, Change(action, key, actor, self._now(), comment))
        record = await record_of(connection, environment, key)
        if record is None:
            raise no_such_rule(key)
        return record

    def _check(self, rule: pb2.AlertRule, comment: str) -> None:
        check_rule(rule, self._metrics)
        check_text("comment", comment, _LONGEST_COMMENT)

    def _now(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self._clock(), datetime.UTC)


async def _check_webhooks(connection: asyncpg.Connection, environment: str, rule: pb2.AlertRule) -> None:
    known = {str(row["id"]) for row in await connection.fetch(_WEBHOOKS, environment)}
    for at, webhook in enumerate(rule.webhooks):
        if webhook not in known:
            raise InvalidRequest.of(f"rule.webhooks[{at}]", "there is no such webhook", reason=_NO_WEBHOOK)


async def _forget(
    connection: asyncpg.Connection,
    environment: str,
    row: EnvironmentRow,
    gone: "_Gone",
    now: datetime.datetime,
) -> None:
    """Forget scopes, and resolve their alerts."""
    rule = gone.rule
    found = await connection.fetch(_DETECTORS, environment, rule.key)
    scopes = [(each["tenant"], each["currency"]) for each in found if gone.of(each["tenant"], each["currency"])]
    await connection.execute(
        _FORGET, environment, rule.key, [tenant for tenant, _ in scopes], [currency for _, currency in scopes]
    )
    for each in await connection.fetch(_UNRESOLVED, environment, rule.key):
        alert = alert_of(each)
        if gone.of(alert.tenant, alert.currency):
            await resolve_by_system(connection, row, alert, list(rule.webhooks), now, told=each["told"])


_NO_WEBHOOK: Final = reasons.ERROR_REASON_WEBHOOK_NOT_FOUND
