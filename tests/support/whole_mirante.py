"""All services as processes, with the demo's flags and catalogue but without its shop: nothing happens by itself."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import grpc.aio
import httpx
from mirante.api.telemetry.v1 import event_pb2
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2
from mirante.api.telemetry.v1.ingest_service_pb2_grpc import IngestServiceStub

from tests.support.flag_service_process import (
    CHANNEL_OPTIONS,
    ENVIRONMENT,
    FlagServiceProcess,
    ServiceProcess,
    service_home,
)
from tests.support.serving import PATIENCE_SECONDS

LIVE: Final = "mirante.api.metrics.v1.LiveMetricsService"


class GatewayProcess(ServiceProcess):
    """A gateway, which speaks HTTP."""

    async def healthy(self) -> bool:
        """Return whether it would answer requests now."""
        async with httpx.AsyncClient() as http:
            try:
                return (await http.get(f"http://{self.address}/readyz", timeout=10)).status_code == 200
            except httpx.TransportError:
                return False


@dataclass(frozen=True)
class WholeMirante:
    """Running services, and where their data is."""

    home: Path
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    flags: ServiceProcess
    telemetry: ServiceProcess
    metrics: ServiceProcess
    gateway: ServiceProcess

    @property
    def url(self) -> str:
        """Where browsers find it."""
        return f"http://{self.gateway.address}"

    @property
    def keys(self) -> Mapping[str, str]:
        """Secrets by role."""
        keys: dict[str, str] = json.loads((self.home / "keys.json").read_text())
        return keys

    @property
    def password(self) -> str:
        """The password of the person `admin`."""
        return (self.home / "admin_password").read_text().strip()

    async def ask(self, method: str, *, environment: str | None = ENVIRONMENT, **fields: Any) -> Any:
        """Call a method of the admin API, `package.Service/Method`, with the admin's key; return its answer."""
        document = fields if environment is None else {"environment": environment, **fields}
        headers = {"Authorization": f"Bearer {self.keys['admin']}"}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=PATIENCE_SECONDS) as http:
            response = await http.post(f"/api/{method}", json=document)
        assert response.status_code == 200, response.text
        return response.json()

    async def send(self, *events: event_pb2.Event) -> list[str]:
        """Send events with a backend's key; return what became of each: ACCEPTED, DUPLICATE, REJECTED or RETRY."""
        metadata = (("authorization", f"Bearer {self.keys['server']}"),)
        async with grpc.aio.insecure_channel(self.telemetry.address, options=CHANNEL_OPTIONS) as channel:
            request = ingest_pb2.IngestRequest(events=events)
            response = await IngestServiceStub(channel).Ingest(request, metadata=metadata, timeout=20)
        return [ingest_pb2.EventStatus.Name(each).removeprefix("EVENT_STATUS_") for each in response.statuses]

    async def restart(self, process: ServiceProcess) -> None:
        """`kill -9`, and start it again; return when it serves."""
        process.kill()
        process.start()
        await process.serving()


@asynccontextmanager
async def whole_mirante(
    database_url: str, redis_url: str, *, gateway: Mapping[str, str] | None = None, **settings: str
) -> AsyncIterator[WholeMirante]:
    """Run all services until the block ends; none of them outlives it. `gateway` has settings of that one alone."""
    with service_home() as home:

        def process(kind: type[ServiceProcess], name: str, port: str, **more: str) -> ServiceProcess:
            return kind(f"services.{name}", port, home, database_url, redis_url, **(settings | more))

        flags = FlagServiceProcess(home, database_url, redis_url, **settings)
        settings["MIRANTE_FLAGS_ADDRESS"] = flags.address
        telemetry = process(ServiceProcess, "telemetry", "MIRANTE_TELEMETRY_PORT")
        settings["MIRANTE_TELEMETRY_ADDRESS"] = telemetry.address
        metrics = process(ServiceProcess, "metrics", "MIRANTE_METRICS_PORT")
        settings["MIRANTE_METRICS_ADDRESS"] = metrics.address
        door = process(GatewayProcess, "gateway", "MIRANTE_HTTP_PORT", **(gateway or {}))
        processes = (flags, telemetry, metrics, door)
        try:
            flags.start()
            await flags.serving()  # It writes the keys that the others need.
            for each in processes[1:]:
                each.start()
            await asyncio.gather(*[each.serving() for each in processes[1:]])
            yield WholeMirante(home, database_url, redis_url, *processes)
        finally:
            for each in processes:
                each.kill()
