"""Services as processes of their own, to be killed, stopped and started again by a test."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import grpc.aio
import psutil
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.support.running_up import free_port

ENVIRONMENT = "production"
PATIENCE_SECONDS = 60.0
"""Far more than anything needs, so that only a fault meets it."""

# Channels are local to what they are used for: a test that kills a server must not share another's back-off.
CHANNEL_OPTIONS = (
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 200),
)


class ServiceProcess:
    """`python -m MODULE` on given datastores. Its port stays the same however often it is started."""

    def __init__(
        self, module: str, port_variable: str, home: Path, database_url: str, redis_url: str, **settings: str
    ) -> None:
        self.port = free_port()
        self.log = home / f"service-{self.port}.log"
        self._module = module
        self._environment = {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "MIRANTE_HOME": str(home),
            port_variable: str(self.port),
            "MIRANTE_DEMO": "1",
            **settings,
        }
        self.code: Path | None = None
        """A folder with another version to start the next time; None for this one."""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the process; see `serving`."""
        assert self._process is None
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module],
                env={**os.environ, **self._environment, **code_variables(self.code)},
                cwd=self.code,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    async def serving(self) -> None:
        """Return when its health says SERVING."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await self.healthy():
                assert self._process is not None
                assert self._process.poll() is None, self.log.read_text()
                await asyncio.sleep(0.02)

    async def healthy(self) -> bool:
        """Return whether its health says SERVING now."""
        async with grpc.aio.insecure_channel(self.address, options=CHANNEL_OPTIONS) as channel:
            try:
                answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
            except grpc.aio.AioRpcError:
                return False
        return cast("bool", answer.status == health_pb2.HealthCheckResponse.SERVING)

    def kill(self) -> None:
        """`kill -9`."""
        self.signal(signal.SIGKILL)
        self._reap()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it runs."""
        if self._process is not None:
            self._process.send_signal(number)

    async def terminate(self) -> int:
        """Ask it to end; return its exit code once it has."""
        self.signal(signal.SIGTERM)
        return await asyncio.to_thread(self._reap)

    def resident_kib(self) -> int:
        """Return its resident memory."""
        assert self._process is not None
        return int(psutil.Process(self._process.pid).memory_info().rss) // 1024

    def _reap(self) -> int:
        if self._process is None:
            return 0
        try:
            code = self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it does not end: {self.log.read_text()[-5_000:]}") from None
        self._process = None
        return code


def code_variables(code: Path | None) -> dict[str, str]:
    """Return the variables with which Python runs the version in a folder, which has to be the working folder too."""
    return {} if code is None else {"PYTHONPATH": os.pathsep.join((str(code), str(code / "clients" / "python")))}


class FlagServiceProcess(ServiceProcess):
    """A flag service."""

    def __init__(self, home: Path, database_url: str, redis_url: str, **settings: str) -> None:
        settings = {"MIRANTE_FLAGS_GOODBYE_SPREAD_SECONDS": "1", **settings}
        super().__init__("services.flags", "MIRANTE_FLAGS_PORT", home, database_url, redis_url, **settings)


@dataclass(frozen=True)
class Installation:
    """Running replicas on one database, and the keys of the demo by role."""

    home: Path
    replicas: Sequence[ServiceProcess]

    @property
    def keys(self) -> dict[str, str]:
        """Secrets by role."""
        keys: dict[str, str] = json.loads((self.home / "keys.json").read_text())
        return keys

    @property
    def ports(self) -> list[int]:
        """Where the replicas answer."""
        return [replica.port for replica in self.replicas]

    @property
    def target(self) -> str:
        """All replicas in one address, for gRPC's clients."""
        return "ipv4:" + ",".join(replica.address for replica in self.replicas)

    def metadata(self, role: str) -> tuple[tuple[str, str], ...]:
        """Return what calls with the key of a role carry."""
        return (("authorization", f"Bearer {self.keys[role]}"),)

    async def start(self) -> None:
        """Start all replicas at once, and return when they serve."""
        for replica in self.replicas:
            replica.start()
        for replica in self.replicas:
            await replica.serving()


@asynccontextmanager
async def installation(
    database_url: str, redis_url: str, *, replicas: int = 2, **settings: str
) -> AsyncIterator[Installation]:
    """Run replicas with the demo's flags until the block ends; none of them outlives it."""
    with service_home() as home:
        running = [FlagServiceProcess(home, database_url, redis_url, **settings) for _ in range(replicas)]
        found = Installation(home, running)
        try:
            await found.start()
            yield found
        finally:
            for replica in running:
                replica.kill()


@contextmanager
def service_home() -> Iterator[Path]:
    """Yield a folder for the state of services."""
    with tempfile.TemporaryDirectory(prefix="mirante-services-") as folder:
        yield Path(folder)


async def becomes(condition: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> bool:
    """Return whether the condition came true, while the loop goes on."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not condition():
        if loop.time() > deadline:
            return False
        await asyncio.sleep(0.01)
    return True
