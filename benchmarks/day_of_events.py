"""Fills the log with a day of events, as the telemetry service would have stored them. Seeded but for ids and times."""

import datetime
import random
import time
import uuid
from collections.abc import Iterator
from typing import Any, Final

import asyncpg
from mirante.api.telemetry.v1 import event_pb2

TENANTS: Final = 500
USERS: Final = 100_000

_STEP: Final = 2_000
_DAY_SECONDS: Final = 86_000
_VISIT: Final[tuple[tuple[str, dict[str, str | float]], ...]] = (
    ("login_sucesso", {}),
    ("pagina_vista", {"caminho": "/vendas"}),
    ("web_vital", {"nome": "LCP", "valor": 1800.5, "caminho": "/vendas"}),
    ("busca_venda", {"termo": "x"}),
    ("venda_criada", {"venda_id": "", "valor": "120.90", "moeda": "BRL", "metodo_pagamento": "pix"}),
    ("pagina_vista", {"caminho": "/relatorios"}),
    ("pagina_saida", {"caminho": "/relatorios", "duracao_ms": 1234.0}),
    ("presenca", {}),
)
_CANCELLED: Final[tuple[str, dict[str, str | float]]] = (
    "venda_cancelada",
    {"venda_id": "", "valor": "120.90", "moeda": "BRL"},
)
"""The end of every twentieth visit."""

_COLUMNS: Final = (
    "ord",
    "environment",
    "tenant",
    "subject",
    "name",
    "event_id",
    "received_at",
    "occurred_at",
    "body",
)


async def fill(url: str, environment: str, events: int) -> None:
    """Fill the log of an environment with so many events of the last 24 hours, in groups of 2,000."""
    rows = _rows(environment, events)
    connection = await asyncpg.connect(url)
    for start in range(0, events, _STEP):
        some = [next(rows) for _ in range(min(_STEP, events - start))]
        await connection.copy_records_to_table("events", records=some, columns=_COLUMNS)
    await connection.execute("VACUUM ANALYZE events")
    await connection.close()


def _rows(environment: str, events: int) -> Iterator[tuple[Any, ...]]:
    draw = random.Random(20_261_125)
    began = time.time() - _DAY_SECONDS
    templates = [_template(*kind) for kind in (*_VISIT, _CANCELLED)]
    user, kinds = 0, list[int]()
    for number in range(events):
        visit, step = divmod(number, len(_VISIT))
        if step == 0:
            user = draw.randrange(USERS)
            kinds = [*range(len(_VISIT) - 1), len(_VISIT) if visit % 20 == 0 else len(_VISIT) - 1]
        stored = templates[kinds[step]]
        seconds = began + number / events * _DAY_SECONDS
        event, id_ = stored.event, _id(seconds, draw)
        event.id, event.tenant, event.user_id = id_.bytes, f"t{user % TENANTS}", f"u{user}"
        if "venda_id" in event.properties:
            event.properties["venda_id"].string_value = f"v-{visit}"
        for at in (event.occurred_at, stored.occurred_at):
            at.seconds, at.nanos = int(seconds), int(seconds % 1 * 1e9)
        time_ = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
        yield (
            number % _STEP,
            environment,
            event.tenant,
            f"u:{event.user_id}",
            event.name,
            id_,
            time_,
            time_,
            stored.SerializeToString(),
        )


def _template(name: str, properties: dict[str, str | float]) -> event_pb2.StoredEvent:
    stored = event_pb2.StoredEvent(definition_version=1)
    stored.event.name, stored.event.session_id = name, "s0000000"
    stored.event.context.library.name, stored.event.context.library.version = "mirante-python", "0.1.0"
    for key, value in properties.items():
        if isinstance(value, str):
            stored.event.properties[key].string_value = value
        else:
            stored.event.properties[key].double_value = value
    return stored


def _id(seconds: float, draw: random.Random) -> uuid.UUID:
    """Return a UUID of version 7 (RFC 9562, section 5.7) of a time."""
    return uuid.UUID(
        int=int(seconds * 1000) << 80 | 7 << 76 | draw.getrandbits(12) << 64 | 2 << 62 | draw.getrandbits(62)
    )
