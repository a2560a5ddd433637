"""
How long does the metrics service take to have the numbers of a day again after a restart?

A day of events of 100,000 users of 500 tenants lies in the log: visits of eight events each, with a sale each, of which
some are cancelled. The service counts them once and writes its roll-ups; then it is started anew, and the time runs
until its answers no longer say that they are catching up. Its numbers are compared with a count by the database.
"""

import argparse
import asyncio
import datetime
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg
import grpc.aio
import psutil
from mirante.api.metrics.v1 import live_metrics_service_pb2 as pb2
from mirante.api.metrics.v1.live_metrics_service_pb2_grpc import LiveMetricsServiceStub

from benchmarks.day_of_events import TENANTS, fill
from benchmarks.measuring import report
from benchmarks.processes import child, resident_kib
from benchmarks.services_under_test import ENVIRONMENT, free_port, serving
from benchmarks.services_with_telemetry import Telemetry, telemetry_services

if TYPE_CHECKING:
    from mirante.api.metrics.v1.live_metrics_service_pb2_grpc import LiveMetricsServiceAsyncStub


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=10_000_000)
    arguments = parser.parse_args()
    async with telemetry_services(pinned=False) as telemetry:
        began = time.perf_counter()
        await fill(telemetry.services.datastores.database_url, ENVIRONMENT, arguments.events)
        filled = time.perf_counter() - began
        figures = {"events": arguments.events, "seconds_to_fill_the_log": round(filled)}
        for name in ("first", "again"):
            async with _metrics(telemetry) as (process, stub, began):
                await _caught_up(stub, telemetry)
                took = time.perf_counter() - began
                cpu = process.cpu_times()
                figures[name] = {
                    "seconds": round(took, 1),
                    "events_per_second": round(arguments.events / took),
                    "metrics_cpu_us_per_event": round((cpu.user + cpu.system) / arguments.events * 1e6, 2),
                    "metrics_mib": round(resident_kib(process.pid) / 1024),
                }
                await _check(stub, telemetry)
                if name == "first":
                    await _written(telemetry)
        report("live metrics of a day, from the log", figures)


@asynccontextmanager
async def _metrics(telemetry: Telemetry) -> AsyncIterator[tuple[psutil.Process, "LiveMetricsServiceAsyncStub", float]]:
    services, port = telemetry.services, free_port()
    settings = {
        "DATABASE_URL": services.datastores.database_url,
        "REDIS_URL": services.datastores.redis_url,
        "MIRANTE_HOME": str(services.home),
        "MIRANTE_FLAGS_ADDRESS": f"127.0.0.1:{services.ports[0]}",
        "MIRANTE_TELEMETRY_ADDRESS": f"127.0.0.1:{telemetry.ports[0]}",
        "MIRANTE_METRICS_PORT": str(port),
        "MIRANTE_ANALYTICS": "false",
    }
    began = time.perf_counter()
    with child(["-m", "services.metrics"], settings, pinned=False) as process:
        await serving(port)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield psutil.Process(process.pid), LiveMetricsServiceStub(channel), began


async def _caught_up(stub: "LiveMetricsServiceAsyncStub", telemetry: Telemetry) -> None:
    async with asyncio.timeout(1_800):
        while (await _frame(stub, telemetry, "t0", with_series=False)).catching_up:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.2)


async def _frame(
    stub: "LiveMetricsServiceAsyncStub", telemetry: Telemetry, tenant: str, *, with_series: bool = True
) -> pb2.LiveFrame:
    request = pb2.GetLiveMetricsRequest(environment=ENVIRONMENT, tenant=tenant, with_series=with_series)
    metadata = (("authorization", f"Bearer {telemetry.services.keys['admin']}"),)
    response = await stub.GetLiveMetrics(request, metadata=metadata, timeout=60)
    return response.frame


async def _check(stub: "LiveMetricsServiceAsyncStub", telemetry: Telemetry) -> None:
    """Compare sales of two tenants with what the database counts: those that were not cancelled."""
    connection = await asyncpg.connect(telemetry.services.datastores.database_url)
    for tenant in ("t0", f"t{TENANTS - 1}"):
        frame = await _frame(stub, telemetry, tenant)
        sales = next(each for each in frame.metrics if each.metric == "vendas_hora")
        counted = await connection.fetchval(
            """
            SELECT count(*) FILTER (WHERE name = 'venda_criada') - count(*) FILTER (WHERE name = 'venda_cancelada')
            FROM events WHERE tenant = $1 AND occurred_at >= $2
            """,
            tenant,
            sales.series.start_time.ToDatetime(datetime.UTC),
        )
        shown = sum(int(value or 0) for value in sales.series.values)
        assert shown == counted, f"{tenant} has {shown} sales of {counted}"
    await connection.close()


async def _written(telemetry: Telemetry) -> None:
    """Wait until roll-ups up to now are written."""
    connection = await asyncpg.connect(telemetry.services.datastores.database_url)
    before = datetime.datetime.now(datetime.UTC)
    async with asyncio.timeout(120):
        while (await connection.fetchval("SELECT max(written_at) FROM metric_progress")) < before:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.5)
    await connection.close()


if __name__ == "__main__":
    asyncio.run(main())
