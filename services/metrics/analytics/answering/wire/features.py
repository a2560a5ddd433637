"""The use of features. Pure."""

from typing import Final

from mirante.api.metrics.v1 import usage_report_pb2 as pb2

from services.metrics.analytics.answering.wire.choosing import breakdown_of, optional_selection
from services.metrics.analytics.answering.wire.report import WireReport
from services.metrics.analytics.answering.wire.tables import Row, Table, group_name, optional
from services.metrics.analytics.reports.asking import Scope
from services.metrics.analytics.reports.features.asking import FeatureUse, FirstUse

_USUAL_FEATURES: Final = 10


def feature_use_of(message: pb2.FeatureUseQuestion, scope: Scope) -> FeatureUse:
    """Return what is asked; features of the catalogue are in `declared` by now."""
    return FeatureUse(
        scope=scope,
        declared=tuple(message.declared),
        limit=message.limit or _USUAL_FEATURES,
        breakdown=breakdown_of(message),
    )


def first_use_of(message: pb2.FirstUseQuestion, scope: Scope) -> FirstUse:
    """Return what is asked."""
    return FirstUse(scope=scope, features=tuple(message.features), since=optional_selection(message, "since"))


def feature_use_table(result: pb2.FeatureUseResult) -> Table:
    """
    Return a row for each feature of the list by users, for those of the list by uses alone, and for unused ones; then
    the same for each group.
    """
    rows = _feature_rows("", result)
    never = set(result.never_used)
    rows += [
        ("", event, 0, 0, 0.0, None, None, "never used" if event in never else "unused") for event in result.unused
    ]
    for group in result.groups:
        rows += _feature_rows(group_name(group.group), group)
    return Table(("group", "event", "users", "uses", "share", "rank_by_users", "rank_by_uses", "state"), tuple(rows))


def _feature_rows(group: str | None, result: pb2.FeatureUseResult | pb2.FeatureUseGroup) -> list[Row]:
    by_users = {feature.event: rank for rank, feature in enumerate(result.by_users, start=1)}
    by_uses = {feature.event: rank for rank, feature in enumerate(result.by_uses, start=1)}
    features = {feature.event: feature for feature in (*result.by_users, *result.by_uses)}
    rows: list[Row] = []
    for event, feature in features.items():
        ranks = (by_users.get(event), by_uses.get(event))
        rows.append((group, event, feature.users, feature.uses, *optional(feature, "share"), *ranks, "used"))
    return rows


def first_use_table(result: pb2.FirstUseResult) -> Table:
    """Return a row for each feature."""
    rows: list[Row] = []
    for each in result.features:
        time = (each.time.median, each.time.mean, each.time.p90) if each.HasField("time") else (None, None, None)
        rows.append((each.event, result.actors, each.users, *optional(each, "share"), *time))
    columns = ("event", "actors", "users", "share", "median_seconds", "mean_seconds", "p90_seconds")
    return Table(columns, tuple(rows))


REPORTS: Final = {
    "feature_use": WireReport(feature_use_of, feature_use_table),
    "first_use": WireReport(first_use_of, first_use_table),
}
