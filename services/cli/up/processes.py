"""The processes that make up Mirante on one machine."""

from collections.abc import Mapping
from dataclasses import dataclass

_EVERYWHERE = ("", "127.0.0.1", "::1", "0.0.0.0", "::")  # noqa: S104 - recognised, not bound


@dataclass(frozen=True, slots=True)
class ServiceProcess:
    """A service: what is run, and on which port it answers. Without a port variable it serves nobody."""

    name: str
    module: str
    """Run as `python -m module`."""
    host_variable: str = ""
    port_variable: str = ""
    default_port: int = 0
    demo_only: bool = False
    http: bool = False
    """It answers HTTP, and gRPC if not."""

    @property
    def serves(self) -> bool:
        """Whether it answers on a port."""
        return bool(self.port_variable)

    def address(self, environment: Mapping[str, str]) -> str:
        """Return host:port by which this machine reaches it; raise ValueError as `port` does."""
        host = environment.get(self.host_variable, "")
        if host in _EVERYWHERE:
            host = "localhost"
        return f"[{host}]:{self.port(environment)}" if ":" in host else f"{host}:{self.port(environment)}"

    def port(self, environment: Mapping[str, str]) -> int:
        """Return the port; raise ValueError, naming the variable, when that holds no port number."""
        text = environment.get(self.port_variable) or str(self.default_port)
        if not text.isdecimal() or not 0 < int(text) < 65536:
            raise ValueError(f"{self.port_variable} must be a port number from 1 to 65535, not {text!r}")
        return int(text)


SERVICES = (
    ServiceProcess("flags", "services.flags", "MIRANTE_FLAGS_HOST", "MIRANTE_FLAGS_PORT", 50051),
    ServiceProcess("telemetry", "services.telemetry", "MIRANTE_TELEMETRY_HOST", "MIRANTE_TELEMETRY_PORT", 50052),
    ServiceProcess("metrics", "services.metrics", "MIRANTE_METRICS_HOST", "MIRANTE_METRICS_PORT", 50053),
    ServiceProcess("gateway", "services.gateway", "MIRANTE_HTTP_HOST", "MIRANTE_HTTP_PORT", 8080, http=True),
    ServiceProcess("demo-shop", "services.demo_shop", demo_only=True),
)
"""Started in this order, stopped in the opposite one."""
