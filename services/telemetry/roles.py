"""Who may call what. A method that is not here may be called by nobody; a test compares with the contracts."""

from collections.abc import Mapping
from typing import Final

from services.runtime.access import Role

_MANAGERS: Final = frozenset({Role.ADMIN, Role.INTERNAL})
_EDITORS: Final = _MANAGERS | {Role.EDITOR}
_READERS: Final = _EDITORS | {Role.READER}
_SENDERS: Final = _MANAGERS | {Role.SERVER}
_SERVICES: Final = frozenset({Role.INTERNAL})

_BY_SERVICE: Final[Mapping[str, Mapping[str, frozenset[Role]]]] = {
    "IngestService": {
        "Ingest": _SENDERS,
        "IngestStream": _SENDERS,
        "ImportEvents": _MANAGERS,
        "GetImport": _READERS,
    },
    "EventLogService": {
        "FollowEvents": _SERVICES,
        "TailEvents": _READERS,
        "CountEvents": _READERS,
    },
    "CatalogueService": {
        "GetCatalogue": _READERS | _SENDERS,
        "ExportCatalogue": _READERS | _SENDERS,
        "ImportCatalogue": _EDITORS,
        "GetCoverage": _READERS | _SENDERS,
        "ListDeadLetters": _READERS,
        "ReplayDeadLetters": _EDITORS,
    },
    "IdentityService": {
        "Identify": _SENDERS,
        "Alias": _SENDERS,
        "Unalias": _SENDERS,
        "GetTraits": _READERS | _SENDERS,
        "ListTraitChanges": _SERVICES,
    },
    "PrivacyService": {
        "ExportSubject": _MANAGERS,
        "EraseSubject": _MANAGERS,
        "EraseTenant": _MANAGERS,
        "ListPrivacyRequests": _MANAGERS,
    },
}

PACKAGE: Final = "mirante.api.telemetry.v1"

ROLES: Final[Mapping[str, frozenset[Role]]] = {
    f"/{PACKAGE}.{service}/{method}": roles
    for service, methods in _BY_SERVICE.items()
    for method, roles in methods.items()
}

SERVICES: Final = tuple(f"{PACKAGE}.{service}" for service in _BY_SERVICE)
"""Full names, for health and reflection."""
