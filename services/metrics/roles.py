"""Who may call what. A method that is not here may be called by nobody; a test compares with the contracts."""

from collections.abc import Mapping
from typing import Final

from services.runtime.access import Role

_READERS: Final = frozenset({Role.SERVER, Role.READER, Role.EDITOR, Role.ADMIN, Role.INTERNAL})

_BY_SERVICE: Final[Mapping[str, Mapping[str, frozenset[Role]]]] = {
    "LiveMetricsService": {
        "GetLiveMetrics": _READERS,
        "WatchLiveMetrics": _READERS,
        "QuerySeries": _READERS,
    },
}

PACKAGE: Final = "mirante.api.metrics.v1"

ROLES: Final[Mapping[str, frozenset[Role]]] = {
    f"/{PACKAGE}.{service}/{method}": roles
    for service, methods in _BY_SERVICE.items()
    for method, roles in methods.items()
}

SERVICES: Final = tuple(f"{PACKAGE}.{service}" for service in _BY_SERVICE)
"""Full names, for health and reflection."""
