"""Who may call what. A method that is not here may be called by nobody; a test compares with the contracts."""

from collections.abc import Mapping
from typing import Final

from services.runtime.access import Role

_READERS: Final = frozenset({Role.SERVER, Role.READER, Role.EDITOR, Role.ADMIN, Role.INTERNAL})

_PEOPLE: Final = frozenset({Role.READER, Role.EDITOR, Role.ADMIN, Role.INTERNAL})
_EDITORS: Final = frozenset({Role.EDITOR, Role.ADMIN, Role.INTERNAL})
_ADMINS: Final = frozenset({Role.ADMIN, Role.INTERNAL})

_BY_SERVICE: Final[Mapping[str, Mapping[str, frozenset[Role]]]] = {
    "LiveMetricsService": {
        "GetLiveMetrics": _READERS,
        "WatchLiveMetrics": _READERS,
        "WatchTenants": _PEOPLE,
        "QuerySeries": _READERS,
    },
    "AlertService": {
        "CreateAlertRule": _EDITORS,
        "GetAlertRule": _PEOPLE,
        "ListAlertRules": _PEOPLE,
        "UpdateAlertRule": _EDITORS,
        "DeleteAlertRule": _EDITORS,
        "GetAlertRuleHistory": _PEOPLE,
        "ListAlerts": _PEOPLE,
        "GetAlert": _PEOPLE,
        "WatchAlerts": _PEOPLE,
        "AcknowledgeAlert": _EDITORS,
        "ResolveAlert": _EDITORS,
        "AddAlertNote": _EDITORS,
        "CreateSilence": _EDITORS,
        "ListSilences": _PEOPLE,
        "EndSilence": _EDITORS,
        "CreateWebhook": _ADMINS,
        "ListWebhooks": _ADMINS,
        "UpdateWebhook": _ADMINS,
        "DeleteWebhook": _ADMINS,
        "RotateWebhookSecret": _ADMINS,
        "TestWebhook": _ADMINS,
        "ListDeliveries": _ADMINS,
        "RetryDelivery": _ADMINS,
        "ReplayAlerts": _PEOPLE,
        "ListAlertChanges": _PEOPLE,
    },
    "AnalyticsService": {
        "RunReport": _PEOPLE,
        "ExportReport": _PEOPLE,
        "ListReportNames": _PEOPLE,
        "ListCohorts": _PEOPLE,
        "GetCohort": _PEOPLE,
        "CreateCohort": _EDITORS,
        "UpdateCohort": _EDITORS,
        "DeleteCohort": _EDITORS,
        "ListSavedReports": _PEOPLE,
        "GetSavedReport": _PEOPLE,
        "CreateSavedReport": _EDITORS,
        "UpdateSavedReport": _EDITORS,
        "DeleteSavedReport": _EDITORS,
        "ListBoards": _PEOPLE,
        "GetBoard": _PEOPLE,
        "CreateBoard": _EDITORS,
        "UpdateBoard": _EDITORS,
        "DeleteBoard": _EDITORS,
        "ListSavedChanges": _PEOPLE,
    },
    "ExperimentService": {
        "CreateExperiment": _EDITORS,
        "GetExperiment": _PEOPLE,
        "ListExperiments": _PEOPLE,
        "UpdateExperiment": _EDITORS,
        "PlanExperiment": _PEOPLE,
        "StartExperiment": _EDITORS,
        "ChangeAllocation": _EDITORS,
        "PauseExperiment": _EDITORS,
        "ResumeExperiment": _EDITORS,
        "StopExperiment": _EDITORS,
        "DecideExperiment": _EDITORS,
        "ArchiveExperiment": _EDITORS,
        "GetExperimentHistory": _PEOPLE,
        "GetResults": _PEOPLE,
        "GetReport": _PEOPLE,
    },
    "ProgrammeService": {
        "ListFlagLifecycles": _PEOPLE,
        "GetProgrammeHealth": _PEOPLE,
    },
    "AnalyticsStoreService": {
        "GetAnalyticsStore": _PEOPLE,
        "RebuildAnalyticsStore": _ADMINS,
    },
    "SqlService": {
        "RunSql": _PEOPLE,
        "DescribeTables": _PEOPLE,
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
