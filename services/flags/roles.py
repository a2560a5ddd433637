"""Who may call what. A method that is not here may be called by nobody; a test compares with the contracts."""

from collections.abc import Mapping
from typing import Final

from services.runtime.access import Role

_EVERYBODY: Final = frozenset(Role)
_MANAGERS: Final = frozenset({Role.ADMIN, Role.INTERNAL})
_EDITORS: Final = _MANAGERS | {Role.EDITOR}
_READERS: Final = _EDITORS | {Role.READER}
_PEOPLE: Final = frozenset({Role.ADMIN, Role.EDITOR})
"""Who agrees to what a machine must not agree to by itself. An internal key that acts for a person has that role."""
_WATCHERS: Final = _MANAGERS | {Role.SERVER}
_SERVICES: Final = frozenset({Role.INTERNAL})

_BY_SERVICE: Final[Mapping[str, Mapping[str, frozenset[Role]]]] = {
    "EvaluationService": {
        # Browsers see only flags that are visible to clients: the servicer looks at that.
        "EvaluateFlag": _EVERYBODY,
        "EvaluateFlags": _EVERYBODY,
        "EvaluateStream": _EVERYBODY,
    },
    "FlagSyncService": {
        "WatchFlags": _WATCHERS,
        "GetDelivery": _READERS,
    },
    "FlagAdminService": {
        "CreateFlag": _EDITORS,
        "GetFlag": _READERS,
        "ListFlags": _READERS,
        "UpdateFlag": _EDITORS,
        "ArchiveFlag": _EDITORS,
        "KillFlag": _EDITORS,
        "RestoreFlag": _EDITORS,
        "GetFlagHistory": _READERS,
        "RollBackFlag": _EDITORS,
        "PromoteFlag": _EDITORS,
        "ExportFlags": _READERS,
        "ImportFlags": _EDITORS,
    },
    "SegmentAdminService": {
        "CreateSegment": _EDITORS,
        "GetSegment": _READERS,
        "ListSegments": _READERS,
        "UpdateSegment": _EDITORS,
        "ArchiveSegment": _EDITORS,
        "GetSegmentHistory": _READERS,
    },
    "AccessAdminService": {
        "CreateEnvironment": _MANAGERS,
        "ListEnvironments": _READERS,
        "CreateApiKey": _MANAGERS,
        "ListApiKeys": _READERS,
        "RevokeApiKey": _MANAGERS,
        "GetBrowserAccess": _READERS,
        "SetBrowserAccess": _MANAGERS,
        "GetAccessHistory": _MANAGERS,
    },
    "PeopleAdminService": {
        "CreatePerson": _MANAGERS,
        "ListPeople": _MANAGERS,
        "UpdatePerson": _MANAGERS,
        "SetPassword": _MANAGERS,
    },
    "LoginService": {
        "LogIn": _SERVICES,
        "LogInWithIdentity": _SERVICES,
        "GetSession": _SERVICES,
        "LogOut": _SERVICES,
        "ChangePassword": _SERVICES,
    },
    "RolloutService": {
        "ListRolloutTemplates": _READERS,
        "CreateRollout": _EDITORS,
        "GetRollout": _READERS,
        "ListRollouts": _READERS,
        "UpdateRollout": _EDITORS,
        "DeleteRollout": _EDITORS,
        "StartRollout": _EDITORS,
        "PauseRollout": _EDITORS,
        "ResumeRollout": _PEOPLE,
        "StepRollout": _EDITORS,
        "RollBackRollout": _EDITORS,
        "ApproveStage": _PEOPLE,
    },
    "RolloutGuardService": {
        "ReportGuards": _SERVICES,
        "ReportBreach": _SERVICES,
    },
    "KeyRegistryService": {
        "GetKeys": _SERVICES,
    },
}

PACKAGE: Final = "mirante.api.flags.v1"

ROLES: Final[Mapping[str, frozenset[Role]]] = {
    f"/{PACKAGE}.{service}/{method}": roles
    for service, methods in _BY_SERVICE.items()
    for method, roles in methods.items()
}
"""Roles by full method name."""

SERVICES: Final = tuple(f"{PACKAGE}.{service}" for service in _BY_SERVICE)
"""Full names of the services."""
