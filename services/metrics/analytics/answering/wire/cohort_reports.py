"""The size and the members of cohorts. Pure."""

from typing import Final

from mirante.api.metrics.v1 import cohort_report_pb2 as pb2

from services.metrics.analytics.answering.wire.cohorts import cohort_of
from services.metrics.analytics.answering.wire.report import WireReport
from services.metrics.analytics.answering.wire.tables import Table, optional
from services.metrics.analytics.reports.asking import Scope
from services.metrics.analytics.reports.cohorts.asking import CohortMembers, CohortSize

_USUAL_MEMBERS: Final = 100


def size_of(message: pb2.CohortSizeQuestion, scope: Scope) -> CohortSize:
    """Return what is asked, of a definition."""
    return CohortSize(scope=scope, cohort=cohort_of(message.definition, "definition"))


def members_of(message: pb2.CohortMembersQuestion, scope: Scope) -> CohortMembers:
    """Return what is asked, of a definition."""
    return CohortMembers(
        scope=scope,
        cohort=cohort_of(message.definition, "definition"),
        limit=message.limit or _USUAL_MEMBERS,
        after=message.after,
    )


def size_table(result: pb2.CohortSizeResult) -> Table:
    """Return one row."""
    row = (result.members, result.active, result.all_active, *optional(result, "share"))
    return Table(("members", "active", "all_active", "share"), (row,))


def members_table(result: pb2.CohortMembersResult) -> Table:
    """Return a row for each member of the page."""
    rows = [
        (
            each.tenant,
            *optional(each, "user_id"),
            each.first_seen.ToJsonString(),
            each.last_seen.ToJsonString(),
            each.actor,
        )
        for each in result.members
    ]
    return Table(("tenant", "user_id", "first_seen", "last_seen", "actor"), tuple(rows))


def _field(field: str) -> str:
    return f"definition.{field.removeprefix('cohort.')}" if field.startswith("cohort.") else field


REPORTS: Final = {
    "cohort_size": WireReport(size_of, size_table, _field),
    "cohort_members": WireReport(members_of, members_table, _field),
}
