"""Real flag services on real datastores, as children of the benchmark, under a temporary home."""

import asyncio
import json
import socket
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from mirante.api.flags.v1 import flag_admin_service_pb2 as admin_pb2
from mirante.api.flags.v1 import flag_pb2
from mirante.api.flags.v1.flag_admin_service_pb2_grpc import FlagAdminServiceStub

from benchmarks.processes import child
from services.runtime.datastores import Datastores, open_datastores

ENVIRONMENT = "production"


@dataclass(frozen=True)
class Home:
    """What `open_datastores` reads."""

    home: Path
    database_url: str | None = None
    redis_url: str | None = None


@dataclass(frozen=True)
class Services:
    """Running replicas: their ports and processes, the keys by role, and the datastores below."""

    ports: list[int]
    pids: list[int]
    keys: Mapping[str, str]
    datastores: Datastores
    home: Path

    def admin(self, replica: int = 0) -> tuple[FlagAdminServiceStub, tuple[tuple[str, str], ...]]:
        """Return the admin service of a replica and the metadata of the admin key."""
        channel = grpc.insecure_channel(f"127.0.0.1:{self.ports[replica]}")
        return FlagAdminServiceStub(channel), (("authorization", f"Bearer {self.keys['admin']}"),)


def free_port() -> int:
    """Return a port below the ephemeral range's usual traffic that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def flag_services(
    replicas: int = 1, *, module: str = "services.flags", **settings: str
) -> AsyncIterator[Services]:
    """Run `replicas` flag services (or `module`) with the demo's flags on one Postgres and one Valkey."""
    async with AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mirante-bench-")))
        home.chmod(0o755)  # noqa: ASYNC240 - nothing else runs yet
        datastores = await stack.enter_async_context(open_datastores(Home(home)))
        ports, pids = [], []
        for _ in range(replicas):
            port = free_port()
            environment = {
                "DATABASE_URL": datastores.database_url,
                "REDIS_URL": datastores.redis_url,
                "MIRANTE_HOME": str(home),
                "MIRANTE_FLAGS_PORT": str(port),
                "MIRANTE_DEMO": "1",
                "MIRANTE_FLAGS_QUOTA": "1000000",
                **settings,
            }
            process = stack.enter_context(child(["-m", module], environment))
            await serving(port)
            ports.append(port)
            pids.append(process.pid)
        keys = json.loads((home / "keys.json").read_text())
        yield Services(ports, pids, keys, datastores, home)


async def serving(port: int) -> None:
    """Return when the health of a service says SERVING."""
    async with asyncio.timeout(60), grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        while True:
            try:
                answer = await stub.Check(health_pb2.HealthCheckRequest())
                if answer.status == health_pb2.HealthCheckResponse.SERVING:
                    return
            except grpc.aio.AioRpcError:
                pass
            await asyncio.sleep(0.05)


def create_flag(services: Services, flag: flag_pb2.Flag) -> None:
    """Create a flag through the admin service."""
    admin, metadata = services.admin()
    admin.CreateFlag(admin_pb2.CreateFlagRequest(environment=ENVIRONMENT, flag=flag), metadata=metadata)


def switch_flag(key: str) -> flag_pb2.Flag:
    """Return a boolean flag with a rule of two conditions and a percentage, about 200 bytes."""
    text = flag_pb2.Variant
    flag = flag_pb2.Flag(key=key, type=flag_pb2.FLAG_TYPE_BOOL, on=True, off_variant="off")
    flag.variants.extend([text(name="on"), text(name="off")])
    flag.variants[0].value.bool_value = True
    flag.variants[1].value.bool_value = False
    rule = flag.rules.add(id="sul")
    for attribute, value in (("plan", "premium"), ("regiao", "Sul")):
        condition = rule.conditions.add(attribute=attribute, operator=flag_pb2.OPERATOR_IN)
        condition.values.add(string_value=value)
    rule.serve.variant = "on"
    splits = flag.fallthrough.rollout.splits
    splits.add(variant="on", weight=25_000)
    splits.add(variant="off", weight=75_000)
    return flag
