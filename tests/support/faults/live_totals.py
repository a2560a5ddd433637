"""Metrics and gateway are killed, and Redis is emptied, while events come: what is shown is what the database holds."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import asyncpg
from mirante.api.telemetry.v1.event_pb2 import StoredEvent
from redis.asyncio import Redis

from tests.support.datastores import RunningDatastores
from tests.support.faults.live_traffic import HARD, TENANTS, LiveTraffic
from tests.support.faults.live_views import View, by_api, differences, in_redis, open_sockets
from tests.support.gateway_tokens import allow_browsers, backend
from tests.support.whole_mirante import WholeMirante, whole_mirante

_CATCH_UP_SECONDS: Final = 90.0

# Each makes the log say something else than what was counted, of one tenant; it is followed by position, so that nobody
# counts it anew. $1 is the tenant, $2 and $3 are where a sale stands that is among those of the hour.
_FAULTS: Final = {
    "acme": "DELETE FROM events WHERE tenant = $1 AND (xid, ord) = ($2, $3)",
    "bazar": "INSERT INTO events SELECT * FROM events WHERE tenant = $1 AND (xid, ord) = ($2, $3)",
    "casa": """
        UPDATE events SET occurred_at = occurred_at - interval '2 hours' WHERE tenant = $1 AND (xid, ord) = ($2, $3)
    """,
    "doce": """
        DELETE FROM events
        WHERE tenant = $1 AND name = 'venda_cancelada' AND ($2::xid8, $3::int) IS NOT NULL
    """,
    "estrela": """
        UPDATE events SET subject = 'u:nobody'
        WHERE tenant = $1 AND name = 'pagina_vista' AND ($2::xid8, $3::int) IS NOT NULL
    """,
}


async def live_totals(
    datastores: RunningDatastores, database_url: str, *, seconds: float, kills: int, seed: int = 1
) -> dict[str, object]:
    """
    Return what happened, after the numbers of all tenants were those of SQL wherever they are shown.

    Events come for about so many seconds, until so many kills have passed.
    """
    happened: Counter[str] = Counter()
    tokens = backend()
    async with whole_mirante(database_url, datastores.valkey.url, MIRANTE_METRICS_ROLLUP_SECONDS="0.5") as mirante:
        await allow_browsers(mirante.flags.address, mirante.keys["admin"], tokens)
        traffic = LiveTraffic(mirante, seed)
        async with open_sockets(mirante, tokens, TENANTS) as sockets:
            began = time.monotonic()
            async with asyncio.TaskGroup() as group:
                trouble = group.create_task(_trouble(mirante, seconds / kills, kills, happened))
                while not trouble.done():
                    await traffic.send_batch()
                    if traffic.counts["aliases"] < len(TENANTS):
                        await traffic.know_visitors()
                    await asyncio.sleep(0.05)
            sent_for = time.monotonic() - began
            views = await _until_equal(database_url, lambda: by_api(mirante, TENANTS))
            await _until_equal(database_url, sockets.views)
            await _until_equal(database_url, lambda: in_redis(mirante.redis_url, TENANTS))
            caught_up = time.monotonic() - began - sent_for
        assert sockets.foreign == []
        # Who finds nothing wrong has to find what is.
        for number, tenant in enumerate(TENANTS, start=1):
            await _plant(database_url, tenant)
            wrong = await differences(database_url, views)
            assert list(wrong) == list(TENANTS)[:number], f"after the fault of {tenant}: {wrong}"
    assert all(traffic.counts[kind] for kind in HARD)
    return {
        "seconds": round(sent_for),
        "seconds until all numbers were right": round(caught_up, 1),
        **traffic.counts,
        **happened,
        "sockets opened": sockets.opened,
    }


async def _trouble(mirante: WholeMirante, every: float, kills: int, happened: Counter[str]) -> None:
    """Kill metrics and the gateway in turn, and empty Redis now before and now after it."""
    for number in range(kills):
        due = time.monotonic() + every
        if number % 3 == 0:
            await _flush(mirante, happened)
        await mirante.restart(mirante.metrics if number % 2 == 0 else mirante.gateway)
        happened["kills"] += 1
        if number % 3 == 1:
            await _flush(mirante, happened)
        await asyncio.sleep(max(0.0, due - time.monotonic()))


async def _flush(mirante: WholeMirante, happened: Counter[str]) -> None:
    async with Redis.from_url(mirante.redis_url) as redis:
        await redis.flushall()
    happened["flushes of Redis"] += 1


async def _until_equal(database_url: str, look: Callable[[], Awaitable[Mapping[str, View]]]) -> Mapping[str, View]:
    """Return what is seen once all tenants are there, and their numbers are those of SQL."""
    deadline = time.monotonic() + _CATCH_UP_SECONDS
    while True:
        views = await look()
        wrong = await differences(database_url, views)
        if set(views) == set(TENANTS) and not wrong:
            return views
        assert time.monotonic() < deadline, (sorted(views), wrong)
        await asyncio.sleep(0.1)


async def _plant(database_url: str, tenant: str) -> None:
    """Change the log behind everybody's back."""
    connection: Any = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(
            "SELECT xid, ord, name, body, occurred_at > now() - interval '40 minutes' AS recent FROM events "
            "WHERE tenant = $1 AND name IN ('venda_criada', 'venda_cancelada')",
            tenant,
        )
        ids = [StoredEvent.FromString(row["body"]).event.properties["venda_id"].string_value for row in rows]
        undone = {sale for row, sale in zip(rows, ids, strict=True) if row["name"] == "venda_cancelada"}
        kept = next(
            row
            for row, sale in zip(rows, ids, strict=True)
            if row["name"] == "venda_criada" and row["recent"] and sale not in undone
        )
        await connection.execute(_FAULTS[tenant], tenant, kept["xid"], kept["ord"])
    finally:
        await connection.close()
