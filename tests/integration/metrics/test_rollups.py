"""Roll-ups on a real Postgres: written once, by one process, and asked for."""

import time
from contextlib import AsyncExitStack
from decimal import Decimal
from functools import partial
from typing import Any

from mirante.api.metrics.v1 import live_metrics_service_pb2 as pb2

from tests.support.datastores import ServerHandle
from tests.support.metrics_serving import MetricsServing, metrics_beside, metrics_serving, shown
from tests.support.serving import Datastores, eventually
from tests.support.telemetry_events import sale
from tests.support.telemetry_serving import telemetry_serving

DAY_MS = 86_400_000


async def series(
    serving: MetricsServing, days: int, resolution: pb2.Resolution.ValueType, **fields: Any
) -> list[pb2.Series]:
    """Return how the revenue of the last days has gone."""
    request = pb2.QuerySeriesRequest(tenant="acme", metric="receita_hora", resolution=resolution, **fields)
    request.start_time.seconds = int(time.time()) - days * 86_400
    return list((await serving.live.QuerySeries(request, metadata=serving.key("reader"))).series)


def total(found: list[pb2.Series]) -> Decimal:
    """Return the sum over all points."""
    return sum((Decimal(point.value) for each in found for point in each.points), Decimal(0))


def has_sales(sales: int, frame: pb2.LiveFrame) -> bool:
    """Return whether a frame shows so many sales."""
    return shown(frame)["vendas_hora", ""] == str(sales)


async def written(serving: MetricsServing, sales: int) -> None:
    """Wait until so many sales are in the roll-ups."""

    async def there() -> bool:
        return sum(int(row["value"]) for row in await serving.rollups() if row["metric"] == "vendas_hora") == sales

    await eventually(there)


async def test_sales_of_now_and_of_long_ago_are_in_the_series(stores: Datastores) -> None:
    """What is remembered and what is in the roll-ups alone come together, by the minute and by the hour."""
    now = time.time_ns() // 1_000_000
    async with metrics_serving(stores) as serving:
        old = [sale(venda_id=f"v-{days}", made_ms=now - days * DAY_MS, valor="0.10") for days in (3, 20, 300)]
        await serving.telemetry.send(*old, imported=True, import_key="history", position="1")
        await serving.telemetry.send(sale(venda_id="v-0"))
        await written(serving, 4)
        await serving.until(lambda frame: shown(frame)["vendas_hora", ""] == "1")
        assert total(await series(serving, 5, pb2.RESOLUTION_MINUTE)) == Decimal("100.00")
        assert total(await series(serving, 399, pb2.RESOLUTION_HOUR)) == Decimal("100.20")
        assert total(await series(serving, 399, pb2.RESOLUTION_HOUR, currency="USD")) == 0
        (found,) = await series(serving, 25, pb2.RESOLUTION_HOUR)
        assert found.currency == "BRL"
        assert [point.incomplete for point in found.points] == [False, False, True]


async def test_a_restart_counts_nothing_twice(stores: Datastores) -> None:
    """Neither in the frames nor in the roll-ups, and a new process has everything again."""
    now = time.time_ns() // 1_000_000
    async with telemetry_serving(stores) as telemetry:
        for run in range(1, 4):
            async with metrics_beside(telemetry) as serving:
                old = sale(venda_id=f"old-{run}", made_ms=now - 3 * DAY_MS)
                await telemetry.send(old, imported=True, import_key=f"run-{run}", position="1")
                await telemetry.send(sale(venda_id=f"new-{run}"))
                await serving.until(partial(has_sales, run))
                await written(serving, 2 * run)


async def test_one_of_several_replicas_writes_and_another_takes_over(stores: Datastores) -> None:
    """All of them answer; when the leader ends, what comes then is written by another one."""
    async with telemetry_serving(stores) as telemetry, AsyncExitStack() as stack:
        async with metrics_beside(telemetry) as first:
            second = await stack.enter_async_context(metrics_beside(telemetry))
            await telemetry.send(sale(venda_id="v-1"))
            for serving in (first, second):
                await serving.until(lambda frame: shown(frame)["vendas_hora", ""] == "1")
            await written(second, 1)
        await telemetry.send(sale(venda_id="v-2"))
        await second.until(lambda frame: shown(frame)["vendas_hora", ""] == "2")
        await written(second, 2)


async def test_answers_go_on_without_redis_and_without_postgres(
    stores: Datastores, postgres_server: ServerHandle, valkey_server: ServerHandle
) -> None:
    """Frames come from memory; when the database is back roll-ups go on where they were."""
    async with metrics_serving(stores) as serving:
        await serving.telemetry.send(sale(venda_id="v-1"))
        await serving.until(lambda frame: shown(frame)["vendas_hora", ""] == "1")
        await written(serving, 1)
        await valkey_server.stop()
        await postgres_server.stop()
        try:
            assert shown(await serving.frame())["vendas_hora", ""] == "1"
        finally:
            await valkey_server.start()
            await postgres_server.start()
        event = sale(venda_id="v-2")

        async def taken() -> bool:
            return (await serving.telemetry.send(event))[0].status in {"ACCEPTED", "DUPLICATE"}

        await eventually(taken)
        await serving.until(lambda frame: shown(frame)["vendas_hora", ""] == "2")
        await written(serving, 2)
