"""Telemetry services as processes of their own, beside the flag service that knows the keys."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.flag_service_process import FlagServiceProcess, Installation, ServiceProcess, service_home


class TelemetryServiceProcess(ServiceProcess):
    """A telemetry service."""

    def __init__(self, home: Path, flags_address: str, database_url: str, redis_url: str, **settings: str) -> None:
        settings = {"MIRANTE_FLAGS_ADDRESS": flags_address, **settings}
        super().__init__("services.telemetry", "MIRANTE_TELEMETRY_PORT", home, database_url, redis_url, **settings)


@dataclass(frozen=True)
class TelemetryInstallation:
    """Telemetry replicas on one database, and the flag service beside them."""

    flags: FlagServiceProcess
    telemetry: Installation

    def metadata(self, role: str) -> tuple[tuple[str, str], ...]:
        """Return what calls with the key of a role carry."""
        return self.telemetry.metadata(role)


@asynccontextmanager
async def telemetry_installation(
    database_url: str, redis_url: str, *, replicas: int = 2, **settings: str
) -> AsyncIterator[TelemetryInstallation]:
    """Run replicas with the demo's catalogue until the block ends; none of them outlives it."""
    with service_home() as home:
        flags = FlagServiceProcess(home, database_url, redis_url)
        running = [
            TelemetryServiceProcess(home, flags.address, database_url, redis_url, **settings) for _ in range(replicas)
        ]
        found = TelemetryInstallation(flags, Installation(home, list(running)))
        try:
            flags.start()
            await flags.serving()
            await found.telemetry.start()
            yield found
        finally:
            for process in (*running, flags):
                process.kill()
