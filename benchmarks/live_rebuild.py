"""
How long does the metrics service take to have the numbers of a day again after a restart?

A day of events of 100,000 users of 500 tenants lies in the log: visits of eight events each, with a sale each, of which
some are cancelled. The service counts them once, writes its roll-ups and makes its analytics store; then it is started
anew with all of that in place, and the time runs from its start until its answers no longer say that they are catching
up. Telemetry, Postgres and the metrics service are real, and talk over sockets. The numbers are compared with what the
database counts.
"""

import argparse
import asyncio
import datetime
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import grpc.aio
import psutil
from mirante.api.metrics.v1 import analytics_store_service_pb2 as store_pb2
from mirante.api.metrics.v1 import live_metrics_service_pb2 as pb2
from mirante.api.metrics.v1.analytics_store_service_pb2_grpc import AnalyticsStoreServiceStub
from mirante.api.metrics.v1.live_metrics_service_pb2_grpc import LiveMetricsServiceStub

from benchmarks.day_of_events import TENANTS, fill
from benchmarks.measuring import report
from benchmarks.processes import child, resident_kib
from benchmarks.services_under_test import ENVIRONMENT, free_port, serving
from benchmarks.services_with_telemetry import Telemetry, telemetry_services

_PATIENCE_SECONDS = 3_600.0


@dataclass(frozen=True)
class _Metrics:
    """A metrics service that was just started."""

    pid: int
    channel: grpc.aio.Channel
    metadata: tuple[tuple[str, str], ...]

    async def frame(self, tenant: str, *, with_series: bool = True) -> pb2.LiveFrame:
        request = pb2.GetLiveMetricsRequest(environment=ENVIRONMENT, tenant=tenant, with_series=with_series)
        stub = LiveMetricsServiceStub(self.channel)
        return (await stub.GetLiveMetrics(request, metadata=self.metadata, timeout=60)).frame

    async def stored_events(self) -> int:
        request = store_pb2.GetAnalyticsStoreRequest(environment=ENVIRONMENT)
        stub = AnalyticsStoreServiceStub(self.channel)
        store = (await stub.GetAnalyticsStore(request, metadata=self.metadata, timeout=60)).store
        return int(store.answering.events)


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--no-store", action="store_true", help="without the analytics store")
    arguments = parser.parse_args()
    events, with_store = arguments.events, not arguments.no_store
    async with telemetry_services(pinned=False) as telemetry:
        began = time.perf_counter()
        url = telemetry.services.datastores.database_url
        await fill(url, ENVIRONMENT, events)
        figures: dict[str, object] = {"events": events, "seconds_to_fill_the_log": round(time.perf_counter() - began)}
        database = await _database(url)
        for name in ("first", "again"):
            before = _cpu(telemetry.pids[0], database)
            async with _started(telemetry, with_store=with_store) as (metrics, began):
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    while (await metrics.frame("t0", with_series=False)).catching_up:  # noqa: ASYNC110 - another process
                        await asyncio.sleep(0.2)
                took = time.perf_counter() - began
                after = _cpu(telemetry.pids[0], database)
                figures[name] = {
                    "seconds": round(took, 1),
                    "events_per_second": round(events / took),
                    "cpu_seconds": {
                        "metrics": round(sum(psutil.Process(metrics.pid).cpu_times()[:2]), 1),
                        "telemetry": round(after[0] - before[0], 1),
                        "postgres": round(after[1] - before[1], 1),
                    },
                    "metrics_mib": round(resident_kib(metrics.pid) / 1024),
                }
                await _check(metrics, url)
                if name == "first":
                    figures["seconds_to_prepare"] = await _settled(metrics, url, events if with_store else 0)
        report("live metrics of a day, from the log", figures)


@asynccontextmanager
async def _started(telemetry: Telemetry, *, with_store: bool) -> AsyncIterator[tuple[_Metrics, float]]:
    services, port = telemetry.services, free_port()
    settings = {
        "DATABASE_URL": services.datastores.database_url,
        "REDIS_URL": services.datastores.redis_url,
        "MIRANTE_HOME": str(services.home),
        "MIRANTE_FLAGS_ADDRESS": f"127.0.0.1:{services.ports[0]}",
        "MIRANTE_TELEMETRY_ADDRESS": f"127.0.0.1:{telemetry.ports[0]}",
        "MIRANTE_METRICS_PORT": str(port),
        "MIRANTE_ANALYTICS": str(with_store),
    }
    began = time.perf_counter()
    with child(["-m", "services.metrics"], settings, pinned=False) as process:
        await serving(port)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield _Metrics(process.pid, channel, (("authorization", f"Bearer {services.keys['admin']}"),)), began


async def _check(metrics: _Metrics, url: str) -> None:
    """Compare sales of two tenants with what the database counts: those that were not cancelled."""
    connection = await asyncpg.connect(url)
    for tenant in ("t0", f"t{TENANTS - 1}"):
        frame = await metrics.frame(tenant)
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


async def _settled(metrics: _Metrics, url: str, events: int) -> int:
    """Wait until roll-ups up to now are written, and so many events are in the store; return the seconds."""
    connection = await asyncpg.connect(url)
    began, before = time.perf_counter(), datetime.datetime.now(datetime.UTC)
    async with asyncio.timeout(_PATIENCE_SECONDS):
        written = None
        while written is None or written < before or await metrics.stored_events() < events:
            await asyncio.sleep(0.5)
            written = await connection.fetchval("SELECT max(written_at) FROM metric_progress")
    await connection.close()
    return round(time.perf_counter() - began)


async def _database(url: str) -> psutil.Process:
    """Return the server process of the database."""
    connection = await asyncpg.connect(url)
    backend = psutil.Process(await connection.fetchval("SELECT pg_backend_pid()"))
    server = backend.parent()
    await connection.close()
    assert server is not None
    return server


def _cpu(telemetry: int, database: psutil.Process) -> tuple[float, float]:
    """Return the processor time of the telemetry service and of the database until now, in seconds."""
    own = database.cpu_times()
    total = own.user + own.system + own.children_user + own.children_system
    for each in database.children():
        try:
            total += sum(each.cpu_times()[:2])
        except psutil.NoSuchProcess:
            continue
    return sum(psutil.Process(telemetry).cpu_times()[:2]), total


if __name__ == "__main__":
    asyncio.run(main())
