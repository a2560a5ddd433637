"""
Which services the JSON admin API has, and who answers them.

All methods of a service are there, but for those that take a stream: HTTP has no way to send one. Being there decides
nothing: every service says itself who may call what.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Final

from google.protobuf.descriptor import FileDescriptor, MethodDescriptor

SERVICE_OF_PACKAGE: Final[Mapping[str, str]] = {
    "mirante.api.flags.v1": "flags",
    "mirante.api.telemetry.v1": "telemetry",
    "mirante.api.metrics.v1": "metrics",
}
"""The process that answers the services of a package. What is added to one of these packages is in the API."""

NOT_FOR_PEOPLE: Final = frozenset(
    {
        "mirante.api.flags.v1.KeyRegistryService",  # between services
        "mirante.api.flags.v1.RolloutGuardService",  # between services
        "mirante.api.flags.v1.LoginService",  # behind /api/login and its like, which guard it
        "mirante.api.telemetry.v1.IngestService",  # /v1/events
    }
)


def own_methods() -> Iterator[MethodDescriptor]:
    """Yield the methods of the API, from the generated code, in a stable order."""
    for package in SERVICE_OF_PACKAGE:
        places = importlib.import_module(package).__path__
        for module in sorted(each.name for each in pkgutil.iter_modules(places) if each.name.endswith("_service_pb2")):
            yield from methods_of(importlib.import_module(f"{package}.{module}").DESCRIPTOR)


def methods_of(file: FileDescriptor) -> Iterator[MethodDescriptor]:
    """Yield the methods of the API that a file of contracts has."""
    if file.package not in SERVICE_OF_PACKAGE:
        return
    for service in file.services_by_name.values():
        if service.full_name not in NOT_FOR_PEOPLE:
            yield from (method for method in service.methods if not method.client_streaming)


def path_of(method: MethodDescriptor) -> str:
    """Return the address of a method."""
    return f"/api/{method.containing_service.full_name}/{method.name}"
