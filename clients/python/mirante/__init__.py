"""
Feature flags evaluated in process, with kill switches that arrive at once; and events that are not lost.

`Mirante` is the client, `AsyncMirante` its asyncio face; `mirante.testing` has static flags for tests,
`mirante.evaluation` the core alone. Names are loaded when they are first used: importing the package, or the core,
loads no network library.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mirante.client.async_mirante import AsyncMirante
    from mirante.client.mirante import Mirante
    from mirante.client.settings import Tls
    from mirante.client.status import ClientState, Status
    from mirante.errors import InvalidSettings, MiranteError, NotSupported
    from mirante.evaluation.model import Evaluation, EvaluationError, FlagType, Reason
    from mirante.telemetry.settings import Delivery
    from mirante.telemetry.status import TelemetryStatus

__all__ = [
    "AsyncMirante",
    "ClientState",
    "Delivery",
    "Evaluation",
    "EvaluationError",
    "FlagType",
    "InvalidSettings",
    "Mirante",
    "MiranteError",
    "NotSupported",
    "Reason",
    "Status",
    "TelemetryStatus",
    "Tls",
]

_MODULES = {
    "AsyncMirante": "mirante.client.async_mirante",
    "ClientState": "mirante.client.status",
    "Delivery": "mirante.telemetry.settings",
    "Evaluation": "mirante.evaluation.model",
    "EvaluationError": "mirante.evaluation.model",
    "FlagType": "mirante.evaluation.model",
    "InvalidSettings": "mirante.errors",
    "Mirante": "mirante.client.mirante",
    "MiranteError": "mirante.errors",
    "NotSupported": "mirante.errors",
    "Reason": "mirante.evaluation.model",
    "Status": "mirante.client.status",
    "TelemetryStatus": "mirante.telemetry.status",
    "Tls": "mirante.client.settings",
}


def __getattr__(name: str) -> object:
    """Load a public name on first use (PEP 562)."""
    import importlib  # noqa: PLC0415 - importing this package shall cost nothing

    if name not in _MODULES:
        raise AttributeError(f"module 'mirante' has no attribute {name!r}")
    value = getattr(importlib.import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
