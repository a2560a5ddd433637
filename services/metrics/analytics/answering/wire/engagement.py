"""Stickiness and lifecycle. Pure."""

from typing import Final

from mirante.api.metrics.v1 import usage_report_pb2 as pb2

from services.metrics.analytics.answering.wire.choosing import optional_selection, unit_of
from services.metrics.analytics.answering.wire.report import WireReport
from services.metrics.analytics.answering.wire.tables import Table
from services.metrics.analytics.reports.asking import Scope, Unit
from services.metrics.analytics.reports.engagement.lifecycle import Lifecycle
from services.metrics.analytics.reports.engagement.stickiness import Stickiness


def stickiness_of(message: pb2.StickinessQuestion, scope: Scope) -> Stickiness:
    """Return what is asked."""
    return Stickiness(
        scope=scope,
        selection=optional_selection(message, "selection"),
        unit=unit_of(message.unit, Unit.DAY),
        power_from=message.power_from,
    )


def lifecycle_of(message: pb2.LifecycleQuestion, scope: Scope) -> Lifecycle:
    """Return what is asked."""
    selection = optional_selection(message, "selection")
    return Lifecycle(scope=scope, selection=selection, unit=unit_of(message.unit, Unit.WEEK))


def stickiness_table(result: pb2.StickinessResult) -> Table:
    """Return a row for each number of units."""
    rows = [
        (each.units, each.actors, each.or_more, each.events, each.units >= result.power_from)
        for each in result.distribution
    ]
    return Table(("units", "actors", "or_more", "events", "power_users"), tuple(rows))


def lifecycle_table(result: pb2.LifecycleResult) -> Table:
    """Return a row for each bucket."""
    rows = [
        (each.label, each.new, each.returning, each.resurrecting, each.dormant, each.incomplete)
        for each in result.buckets
    ]
    return Table(("bucket", "new", "returning", "resurrecting", "dormant", "incomplete"), tuple(rows))


REPORTS: Final = {
    "stickiness": WireReport(stickiness_of, stickiness_table),
    "lifecycle": WireReport(lifecycle_of, lifecycle_table),
}
