"""Events of the example backend, from its routes to the log, while services are killed."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import grpc.aio
import httpx
import pytest
from mirante.api.telemetry.v1 import catalogue_service_pb2 as catalogue_pb2
from mirante.api.telemetry.v1 import catalogue_service_pb2_grpc as catalogue_grpc

from examples.vendas_api.traffic import PEOPLE
from tests.support.datastores import ServerHandle, fresh_database
from tests.support.flag_service_process import CHANNEL_OPTIONS, PATIENCE_SECONDS
from tests.support.telemetry_process import TelemetryInstallation, telemetry_installation
from tests.support.vendas_backend import uvicorn_workers, working
from tests.support.vendas_events import declared


@pytest.fixture
async def installation(database_url: str, redis_url: str) -> AsyncIterator[TelemetryInstallation]:
    """Two replicas of telemetry, and the flags."""
    async with telemetry_installation(database_url, redis_url) as running:
        yield running


@pytest.fixture
async def shop_database(postgres_server: ServerHandle) -> AsyncIterator[str]:
    """The backend's own database."""
    async with fresh_database(postgres_server) as url:
        yield url


async def test_every_event_that_the_backend_declares_arrives(
    installation: TelemetryInstallation, shop_database: str, tmp_path: Path
) -> None:
    """None violates the catalogue, and every sale counts once, though each replica is killed -9 on the way."""
    server_key = installation.telemetry.keys["server"]
    with working(
        uvicorn_workers(2),
        tmp_path,
        MIRANTE_ADDRESS=installation.flags.address,
        MIRANTE_TELEMETRY_ADDRESS=installation.telemetry.target,
        MIRANTE_API_KEY=server_key,
        VENDAS_DATABASE_URL=shop_database,
    ) as url:
        await answering(url)
        traffic = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "examples.vendas_api.traffic", "--url", url),
            *("--count", str(len(PEOPLE) + 6), "--per-second", "0"),
        )
        for replica in installation.telemetry.replicas:
            await sold(shop_database, more=20)
            replica.kill()
            replica.start()
            await replica.serving()
        assert await traffic.wait() == 0
        await emptied(shop_database)
    # Ending, the workers have delivered what they tracked.
    coverage = await coverage_of(installation)
    assert declared() & set(coverage.unseen) == set()
    assert [(row.name, list(row.violations)) for row in coverage.rows if row.violating or row.dead_letters] == []
    accepted: Counter[str] = Counter()
    for row in coverage.rows:
        accepted[row.name] += row.accepted
    assert (accepted["venda_criada"], accepted["venda_cancelada"]) == await sales(shop_database)
    assert {row.name for row in coverage.rows if not row.declared} == set()


async def answering(url: str) -> None:
    """Return when a worker answers."""
    async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient() as client:
        while True:
            try:
                await client.get(f"{url}/processo")
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return


async def sales(database_url: str) -> tuple[int, int]:
    """Return how many sales were made, and how many of them cancelled."""
    connection = await asyncpg.connect(database_url)
    try:
        row = await connection.fetchrow("SELECT count(*), count(cancelada_em) FROM vendas")
    finally:
        await connection.close()
    return row[0], row[1]


async def sold(database_url: str, more: int) -> None:
    """Return when so many more sales were made."""
    already, _ = await sales(database_url)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await sales(database_url))[0] < already + more:
            await asyncio.sleep(0.02)


async def emptied(database_url: str) -> None:
    """Return when nothing waits in the outbox; nothing was set aside."""
    connection = await asyncpg.connect(database_url)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await connection.fetchval("SELECT count(*) FROM mirante_outbox"):
                await asyncio.sleep(0.02)
    finally:
        await connection.close()


async def coverage_of(installation: TelemetryInstallation) -> catalogue_pb2.GetCoverageResponse:
    """Return what the service says it has seen."""
    async with grpc.aio.insecure_channel(installation.telemetry.target, options=CHANNEL_OPTIONS) as channel:
        stub = catalogue_grpc.CatalogueServiceStub(channel)
        request = catalogue_pb2.GetCoverageRequest(environment="production")
        response = await stub.GetCoverage(request, metadata=installation.metadata("admin"))
    assert isinstance(response, catalogue_pb2.GetCoverageResponse)
    return response
