"""Paths. Pure."""

from typing import Final

from mirante.api.metrics.v1 import path_report_pb2 as pb2

from services.metrics.analytics.answering.wire.choosing import member_of, optional_length, selection_of
from services.metrics.analytics.answering.wire.report import WireReport
from services.metrics.analytics.answering.wire.tables import Row, Table, group_name, optional
from services.metrics.analytics.reports.asking import Scope
from services.metrics.analytics.reports.paths.asking import USUAL_GAP, Counted, Direction, Paths

_USUAL_DEPTH: Final = 3
_USUAL_NODES: Final = 10
_DIRECTIONS: Final = {
    pb2.PATH_DIRECTION_UNSPECIFIED: Direction.AFTER,
    pb2.PATH_DIRECTION_AFTER: Direction.AFTER,
    pb2.PATH_DIRECTION_BEFORE: Direction.BEFORE,
}
_COUNTED: Final = {
    pb2.PATH_COUNTED_UNSPECIFIED: Counted.ACTORS,
    pb2.PATH_COUNTED_ACTORS: Counted.ACTORS,
    pb2.PATH_COUNTED_OCCURRENCES: Counted.OCCURRENCES,
}


def paths_of(message: pb2.PathsQuestion, scope: Scope) -> Paths:
    """Return what is asked."""
    return Paths(
        scope=scope,
        anchor=selection_of(message.anchor, "anchor"),
        direction=member_of(_DIRECTIONS, message.direction, "direction"),
        counted=member_of(_COUNTED, message.counted, "counted"),
        depth=message.depth or _USUAL_DEPTH,
        limit=message.limit or _USUAL_NODES,
        gap=optional_length(message, "gap", USUAL_GAP),
        collapse=message.collapse,
        excluded=tuple(message.excluded),
    )


def paths_table(result: pb2.PathsResult) -> Table:
    """Return a row for each node, for the paths that ended before each step, and for each link between two events."""
    rows: list[Row] = []
    for step in result.steps:
        for node in step.nodes:
            rows.append(("node", step.step, "", group_name(node.event), node.count, *optional(node, "share")))
        share = step.ended / result.paths if result.paths else None
        rows.append(("ended", step.step, "", "", step.ended, share))
    for link in result.links:
        if link.HasField("source"):
            rows.append(("link", link.step, group_name(link.source), group_name(link.target), link.count, None))
    return Table(("kind", "step", "source", "event", "paths", "share"), tuple(rows))


REPORTS: Final = {"paths": WireReport(paths_of, paths_table)}
