"""A cluster of three real Valkey servers, whose nodes can be killed and started again."""

import asyncio
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.runtime.embedded.binaries import find_valkey
from services.runtime.embedded.ports import free_port
from tests.support.flag_service_process import PATIENCE_SECONDS

_PASSWORD = "of-a-test"
_SLOTS = 16_384


class ValkeyNode:
    """One server of a cluster. Its port stays the same however often it is started."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.bus_port = free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """For a client of this node alone."""
        return f"redis://:{_PASSWORD}@127.0.0.1:{self.port}/0"

    async def start(self) -> None:
        """Start it, and return when it answers."""
        installation, executable = find_valkey()
        self._folder.mkdir(exist_ok=True)
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [installation.binary(executable), "-"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                start_new_session=True,
            )
        assert self._process.stdin is not None
        self._process.stdin.write(self._configuration())
        self._process.stdin.close()
        await self.until(self.answers)

    def kill(self) -> None:
        """`kill -9`, if it runs."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(PATIENCE_SECONDS)
            self._process = None

    async def ask(self, *command: object) -> Any:
        """Return the answer to a command."""
        async with Redis.from_url(self.url) as client:
            return await client.execute_command(*command)  # type: ignore[no-untyped-call]

    async def answers(self) -> bool:
        """Return whether it answers."""
        try:
            return bool(await self.ask("PING"))
        except (RedisError, OSError):
            return False

    async def is_well(self) -> bool:
        """Return whether it takes part in a cluster in which all slots are served by nodes that know one another."""
        try:
            told = (await self.ask("CLUSTER", "INFO")).decode().split()
        except (RedisError, OSError):
            return False
        return {"cluster_state:ok", "cluster_known_nodes:3", "cluster_size:3"} <= set(told)

    async def until(self, condition: Any) -> None:
        """Return once a condition holds."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await condition():
                assert self._process is None or self._process.poll() is None, (self._folder / "log").read_text()
                await asyncio.sleep(0.02)

    def _configuration(self) -> bytes:
        return (
            f"bind 127.0.0.1\nport {self.port}\ncluster-port {self.bus_port}\nrequirepass {_PASSWORD}\n"
            "cluster-enabled yes\ncluster-config-file nodes.conf\ncluster-node-timeout 2000\n"
            'appendonly yes\nappendfsync everysec\nsave ""\n'
        ).encode()


class ValkeyCluster:
    """Three nodes with a third of the slots each."""

    def __init__(self, nodes: Sequence[ValkeyNode]) -> None:
        self.nodes = nodes

    @property
    def url(self) -> str:
        """The address that services are given."""
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"redis+cluster://:{_PASSWORD}@{hosts}"

    async def flush(self) -> None:
        """Empty all nodes that answer."""
        for node in self.nodes:
            with suppress(RedisError, OSError):
                await node.ask("FLUSHALL")

    async def heal(self) -> None:
        """Start what was killed, and return when all is well."""
        for node in self.nodes:
            if not await node.answers():
                await node.start()
        await self.until_well()

    async def keys(self) -> list[str]:
        """Return the names of all keys."""
        names = [name for node in self.nodes for name in await node.ask("KEYS", "*")]
        return sorted(name.decode() for name in names)

    async def until_well(self) -> None:
        """Return once all nodes serve all slots."""
        for node in self.nodes:
            await node.until(node.is_well)

    async def start(self) -> None:
        """Start the nodes, make a cluster of them, and return when all is well."""
        for node in self.nodes:
            await node.start()
        first, *others = self.nodes
        share = _SLOTS // len(self.nodes)
        for number, node in enumerate(self.nodes):
            last = _SLOTS - 1 if node is self.nodes[-1] else (number + 1) * share - 1
            await node.ask("CLUSTER", "ADDSLOTSRANGE", number * share, last)
            await node.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for node in others:
            await first.ask("CLUSTER", "MEET", "127.0.0.1", node.port, node.bus_port)
        await self.until_well()


@contextmanager
def running_cluster() -> Iterator[ValkeyCluster]:
    """Run a cluster until the block ends. It belongs to no event loop."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mirante-cluster-")))
        cluster = ValkeyCluster([ValkeyNode(folder / str(number)) for number in range(3)])
        for node in cluster.nodes:
            stack.callback(node.kill)
        asyncio.run(cluster.start())
        yield cluster
