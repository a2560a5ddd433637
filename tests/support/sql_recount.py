"""
The four numbers of the cards, counted by SQL from the tables of telemetry.

Nothing of the metrics service is used: the definitions stand here a second time, as queries over the log. Properties
are decoded into columns first, because a body is a message of bytes.
"""

import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

import asyncpg
from mirante.api.telemetry.v1.event_pb2 import StoredEvent

_COLUMNS: Final = ("tenant", "name", "actor", "occurred", "received", "venda_id", "valor", "moeda")

# Minutes are numbered since 1970. Who was seen as a browser first, is who they were later known to be.
_READ: Final = """
    SELECT e.tenant, e.name, e.body,
        CASE WHEN a.user_id IS NULL THEN e.subject ELSE 'u:' || a.user_id END AS actor,
        floor(extract(epoch FROM e.occurred_at) / 60)::bigint AS occurred,
        floor(extract(epoch FROM e.received_at) / 60)::bigint AS received
    FROM events AS e LEFT JOIN aliases AS a
        ON a.environment = e.environment AND a.tenant = e.tenant AND e.subject = 'a:' || a.anonymous_id
    WHERE e.kind = 1 AND e.environment = $1
"""
_CREATE: Final = """
    CREATE TEMPORARY TABLE happened (
        tenant text, name text, actor text, occurred bigint, received bigint, venda_id text, valor numeric, moeda text
    ) ON COMMIT DROP
"""
_COUNT: Final = """
    WITH asked AS (SELECT unnest($1::text[]) AS tenant),
    hour AS (SELECT * FROM happened WHERE occurred > $2 - 60 AND occurred <= $2),
    kept AS (
        SELECT * FROM hour WHERE name = 'venda_criada' AND NOT EXISTS (
            SELECT FROM happened AS undone
            WHERE undone.tenant = hour.tenant AND undone.name = 'venda_cancelada' AND undone.venda_id = hour.venda_id
        )
    )
    SELECT tenant, 'vendas_hora', '', (SELECT count(*) FROM kept WHERE kept.tenant = asked.tenant) FROM asked
    UNION ALL
    SELECT tenant, 'receita_hora', moeda, sum(valor) FROM kept JOIN asked USING (tenant) GROUP BY tenant, moeda
    UNION ALL
    SELECT tenant, 'usuarios_online', '', (
        SELECT count(DISTINCT actor) FROM happened
        WHERE happened.tenant = asked.tenant AND actor <> '' AND received > $2 - 5 AND received <= $2
    ) FROM asked
    UNION ALL
    SELECT tenant, 'conversao_rate', '', round(
        count(DISTINCT actor) FILTER (WHERE name = 'venda_criada')::numeric / count(DISTINCT actor), 6
    ) FROM hour JOIN asked USING (tenant) WHERE actor <> '' GROUP BY tenant
"""
_METRICS: Final = ("vendas_hora", "receita_hora", "usuarios_online", "conversao_rate")

Numbers = Mapping[tuple[str, str], Decimal]
"""By metric and currency. Money of nothing, and a rate of nobody, are left out."""


async def recounted(database_url: str, tenants: Iterable[str], minute: int) -> dict[str, Numbers]:
    """Return the numbers of tenants of production for the windows that end with a minute (since 1970)."""
    connection: Any = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await connection.execute(_CREATE)
            rows = await connection.fetch(_READ, "production")
            await connection.copy_records_to_table("happened", records=map(_record, rows), columns=_COLUMNS)
            await connection.execute("CREATE INDEX ON happened (venda_id); ANALYZE happened")
            counted: dict[str, dict[tuple[str, str], Decimal]] = {tenant: {} for tenant in tenants}
            for tenant, metric, currency, value in await connection.fetch(_COUNT, list(counted), minute):
                counted[tenant][metric, currency] = Decimal(value)
            return {tenant: _told(numbers) for tenant, numbers in counted.items()}
    finally:
        await connection.close()


def shown(metrics: Iterable[Any]) -> Numbers:
    """Return the same of the metrics of a frame, as the gateway writes them in JSON."""
    return _told(
        {
            (each["metric"], each.get("currency", "")): Decimal(each["value"])
            for each in metrics
            if each["metric"] in _METRICS and each.get("value")
        }
    )


def minute_of(at: str) -> int:
    """Return the minute (since 1970) of a time as JSON has it."""
    return int(datetime.datetime.fromisoformat(at).timestamp()) // 60


def _told(numbers: Numbers) -> Numbers:
    return {key: value for key, value in numbers.items() if value or key[0] != "receita_hora"}


def _record(row: Any) -> tuple[object, ...]:
    properties = StoredEvent.FromString(row["body"]).event.properties
    texts = [properties[name].string_value or None if name in properties else None for name in _COLUMNS[5:]]
    amount = Decimal(texts[1]) if texts[1] else None
    return (row["tenant"], row["name"], row["actor"], row["occurred"], row["received"], texts[0], amount, texts[2])
