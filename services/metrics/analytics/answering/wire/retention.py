"""Retention. Pure."""

from typing import Final

from mirante.api.metrics.v1 import retention_report_pb2 as pb2

from services.metrics.analytics.answering.wire.choosing import breakdown_of, member_of, optional_selection, unit_of
from services.metrics.analytics.answering.wire.report import WireReport
from services.metrics.analytics.answering.wire.tables import Row, Table, group_name, optional
from services.metrics.analytics.reports.asking import Scope, Unit
from services.metrics.analytics.reports.retention.asking import CohortKind, Retention, Returning

_USUAL_OFFSETS: Final = 30
_KINDS: Final = {
    pb2.RETENTION_COHORT_KIND_UNSPECIFIED: CohortKind.FIRST_TIME,
    pb2.RETENTION_COHORT_KIND_RECURRING: CohortKind.RECURRING,
    pb2.RETENTION_COHORT_KIND_FIRST_TIME: CohortKind.FIRST_TIME,
    pb2.RETENTION_COHORT_KIND_FIRST_EVER: CohortKind.FIRST_EVER,
}
_RETURNS: Final = {
    pb2.RETENTION_RETURN_UNSPECIFIED: Returning.IN_BUCKET,
    pb2.RETENTION_RETURN_IN_BUCKET: Returning.IN_BUCKET,
    pb2.RETENTION_RETURN_ON_OR_AFTER: Returning.ON_OR_AFTER,
    pb2.RETENTION_RETURN_ROLLING: Returning.ROLLING,
}


def retention_of(message: pb2.RetentionQuestion, scope: Scope) -> Retention:
    """Return what is asked."""
    return Retention(
        scope=scope,
        start=optional_selection(message, "start"),
        back=optional_selection(message, "back"),
        cohort=member_of(_KINDS, message.cohort, "cohort"),
        returning=member_of(_RETURNS, message.returning, "returning"),
        unit=unit_of(message.unit, Unit.DAY),
        offsets=message.offsets or _USUAL_OFFSETS,
        include_start=message.include_start,
        breakdown=breakdown_of(message),
    )


def retention_table(result: pb2.RetentionResult) -> Table:
    """Return a row for each cell of the triangle, after one for each offset of all cohorts and of each group."""
    rows: list[Row] = [
        ("", "", share.offset, share.actors, share.returned, *optional(share, "share"), False)
        for share in result.shares
    ]
    for group in result.groups:
        name = group_name(group.group)
        rows += [
            ("", name, share.offset, share.actors, share.returned, *optional(share, "share"), False)
            for share in group.shares
        ]
    for cohort in result.cohorts:
        for offset, cell in enumerate(cohort.cells):
            if cell.HasField("returned"):
                share = cell.returned / cohort.actors if cohort.actors else None
                rows.append((cohort.label, "", offset, cohort.actors, cell.returned, share, cell.incomplete))
    return Table(("cohort", "group", "offset", "actors", "returned", "share", "incomplete"), tuple(rows))


REPORTS: Final = {"retention": WireReport(retention_of, retention_table)}
