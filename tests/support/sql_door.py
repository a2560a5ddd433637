"""Stores that are asked in SQL."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mirante.api.common.v1.value_pb2 import Value
from mirante.api.metrics.v1 import sql_service_pb2 as pb2
from mirante.api.telemetry.v1 import event_pb2

from services.metrics.analytics.sql.asking import SqlLimits, SqlQuestion
from tests.support.analytics_store import ENVIRONMENT, NOW


def actor_id(tenant: str, number: int) -> bytes:
    """The actor of the n-th person of a tenant."""
    return f"{tenant}-{number}".encode().ljust(16, b"-")


def events_of(tenant: str, count: int, people: int = 5) -> list[event_pb2.StoredEvent]:
    """So many events of a tenant, a second apart, of its people in turn."""
    made = []
    for number in range(count):
        event = event_pb2.Event(
            name=f"evento_{number % 3}",
            tenant=tenant,
            user_id=f"{tenant}-u{number % people}",
            properties={"n": Value(int_value=number), "Valor": Value(string_value=f"{number}.50")},
        )
        stored = event_pb2.StoredEvent(event=event, actor_id=actor_id(tenant, number % people))
        stored.occurred_at.FromSeconds(int(NOW) - number)
        made.append(stored)
    return made


def question(
    folder: Path, statement: str | None, tenant: str | None = "loja", most_rows: int = 100, **limits: Any
) -> SqlQuestion:
    """A question to the stores of a folder."""
    return SqlQuestion(
        str(folder), ENVIRONMENT, tenant, statement, SqlLimits(most_rows, **({"seconds": 30.0} | limits))
    )


def rows_of(response: pb2.RunSqlResponse) -> list[Sequence[Any]]:
    """The rows of an answer, as values of Python."""
    return [tuple(_plain(cell) for cell in row.cells) for row in response.rows]


def _plain(cell: Value) -> Any:
    kind = cell.WhichOneof("kind")
    return None if kind is None else getattr(cell, kind)
