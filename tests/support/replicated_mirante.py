"""Two replicas each of the flag, telemetry and metrics services, which can be replaced one by one."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.flag_service_process import (
    FlagServiceProcess,
    Installation,
    ServiceProcess,
    code_variables,
    service_home,
)
from tests.support.telemetry_process import TelemetryServiceProcess


@dataclass(frozen=True)
class ReplicatedMirante:
    """Running replicas, and where their data is."""

    home: Path
    database_url: str = field(repr=False)
    flags: Installation
    telemetry: Installation
    metrics: Installation

    @property
    def processes(self) -> Sequence[ServiceProcess]:
        """All of them."""
        return (*self.flags.replicas, *self.telemetry.replicas, *self.metrics.replicas)

    def metadata(self, role: str) -> tuple[tuple[str, str], ...]:
        """Return what calls with the key of a role carry."""
        return self.flags.metadata(role)


async def migrate(database_url: str, code: Path | None = None) -> None:
    """Run the migrations of a version, as its Job does; fail with what it says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.migrate"),
        env={**os.environ, "DATABASE_URL": database_url, **code_variables(code)},
        cwd=code,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


@asynccontextmanager
async def replicated_mirante(
    database_url: str, redis_url: str, *, code: Path | None = None, **settings: str
) -> AsyncIterator[ReplicatedMirante]:
    """Migrate with a version, and run its replicas until the block ends; none of them outlives it."""
    await migrate(database_url, code)
    settings = {"MIRANTE_MIGRATE": "false", **settings}
    with service_home() as home:
        flags = Installation(home, [FlagServiceProcess(home, database_url, redis_url, **settings) for _ in range(2)])
        telemetry = Installation(
            home,
            [TelemetryServiceProcess(home, flags.target, database_url, redis_url, **settings) for _ in range(2)],
        )
        settings |= {"MIRANTE_FLAGS_ADDRESS": flags.target, "MIRANTE_TELEMETRY_ADDRESS": telemetry.target}
        metrics = Installation(
            home,
            [
                ServiceProcess("services.metrics", "MIRANTE_METRICS_PORT", home, database_url, redis_url, **settings)
                for _ in range(2)
            ],
        )
        running = ReplicatedMirante(home, database_url, flags, telemetry, metrics)
        try:
            for process in running.processes:
                process.code = code
            await flags.start()
            await telemetry.start()
            await metrics.start()
            yield running
        finally:
            for process in running.processes:
                process.kill()
