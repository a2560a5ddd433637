"""A real flag service and real telemetry services on real datastores, as children of the benchmark."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from benchmarks.processes import child
from benchmarks.services_under_test import Services, flag_services, free_port, serving


@dataclass(frozen=True)
class Telemetry:
    """Running replicas: their ports and processes; `services` are the flag service, the keys and the datastores."""

    ports: list[int]
    pids: list[int]
    services: Services


@asynccontextmanager
async def telemetry_services(replicas: int = 1, *, pinned: bool = True, **settings: str) -> AsyncIterator[Telemetry]:
    """Run `replicas` telemetry services, on the servers' core or wherever the system puts them."""
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(flag_services())
        ports, pids = [], []
        for _ in range(replicas):
            port = free_port()
            environment = {
                "DATABASE_URL": services.datastores.database_url,
                "REDIS_URL": services.datastores.redis_url,
                "MIRANTE_HOME": str(services.home),
                "MIRANTE_FLAGS_ADDRESS": f"127.0.0.1:{services.ports[0]}",
                "MIRANTE_TELEMETRY_PORT": str(port),
                "MIRANTE_DEMO": "1",
                "MIRANTE_TELEMETRY_QUOTA": "10000000",
                "MIRANTE_TELEMETRY_TENANT_QUOTA": "10000000",
                **settings,
            }
            process = stack.enter_context(child(["-m", "services.telemetry"], environment, pinned=pinned))
            await serving(port)
            ports.append(port)
            pids.append(process.pid)
        yield Telemetry(ports, pids, services)
