"""Alerts as they stand in Postgres: the message, and columns to search by."""

import datetime
import uuid
from typing import Any, Final

import asyncpg
from mirante.api.metrics.v1 import alert_pb2 as pb2

_UTC: Final = datetime.UTC
COLUMNS: Final = "id, revision, told, alert"

_INSERT: Final = """
    INSERT INTO alerts
        (id, environment, revision, tenant, metric, currency, rule_key, kind, severity, state, opened_at, told, alert)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING RETURNING 1
"""
_UPDATE: Final = "UPDATE alerts SET revision = $2, state = $3, told = $4, alert = $5 WHERE id = $1"
_LOCK: Final = f"SELECT {COLUMNS} FROM alerts WHERE environment = $1 AND id = $2 FOR UPDATE"  # noqa: S608 - constants only


async def insert_alert(connection: asyncpg.Connection, alert: pb2.Alert, *, revision: int, told: bool) -> bool:
    """Add an alert, unless there is one of its scope that is not resolved; return whether it was added."""
    return bool(
        await connection.fetchval(
            _INSERT,
            uuid.UUID(alert.id),
            alert.environment,
            revision,
            alert.tenant,
            alert.metric,
            alert.currency,
            alert.rule_key,
            alert.kind,
            alert.severity,
            alert.state,
            alert.opened_at.ToDatetime(_UTC),
            told,
            alert.SerializeToString(),
        )
    )


async def update_alert(connection: asyncpg.Connection, alert: pb2.Alert, *, revision: int, told: bool) -> None:
    """Write an alert that has changed."""
    alert.ClearField("revision")
    await connection.execute(_UPDATE, uuid.UUID(alert.id), revision, alert.state, told, alert.SerializeToString())
    alert.revision = revision


async def lock_alert(
    connection: asyncpg.Connection, environment: str, alert_id: uuid.UUID
) -> tuple[pb2.Alert, bool] | None:
    """Return an alert that is to be changed, and whether webhooks were told; None when there is none."""
    row = await connection.fetchrow(_LOCK, environment, alert_id)
    return None if row is None else (alert_of(row), row["told"])


def alert_of(row: Any) -> pb2.Alert:
    """Return the alert of a row."""
    alert = pb2.Alert.FromString(row["alert"])
    alert.revision = row["revision"]
    return alert
