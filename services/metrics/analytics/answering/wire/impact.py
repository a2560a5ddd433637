"""What earns or loses money: revenue of those who use a feature, and who is likely to stay away. Pure."""

from typing import Final

from mirante.api.metrics.v1 import impact_report_pb2 as pb2

from services.metrics.analytics.answering.wire.choosing import (
    member_of,
    optional_length,
    optional_selection,
    property_of,
    selection_of,
)
from services.metrics.analytics.answering.wire.report import WireReport
from services.metrics.analytics.answering.wire.tables import Cell, Row, Table, optional
from services.metrics.analytics.reports.asking import Property, Scope, Selection
from services.metrics.analytics.reports.impact.association import RevenueAssociation, RevenueUnit
from services.metrics.analytics.reports.impact.churn import USUAL_HORIZON, Churn
from services.metrics.analytics.reports.impact.sales import Sales

_USUAL_EXPOSURE: Final = 0.5
_USUAL_CLASSES: Final = 5
_USUAL_PEOPLE: Final = 100
_REASONS: Final = 3
_UNITS: Final = {
    pb2.REVENUE_UNIT_UNSPECIFIED: RevenueUnit.ACTOR,
    pb2.REVENUE_UNIT_ACTOR: RevenueUnit.ACTOR,
    pb2.REVENUE_UNIT_TENANT: RevenueUnit.TENANT,
}
_SO_FAR: Final = {
    pb2.REVENUE_SO_FAR_NONE: "none",
    pb2.REVENUE_SO_FAR_LOWER: "lower",
    pb2.REVENUE_SO_FAR_UPPER: "upper",
}


def association_of(message: pb2.RevenueAssociationQuestion, scope: Scope) -> RevenueAssociation:
    """Return what is asked."""
    return RevenueAssociation(
        scope=scope,
        feature=selection_of(message.feature, "feature"),
        sales=sales_of(message.sales),
        unit=member_of(_UNITS, message.unit, "unit"),
        exposure=message.exposure or _USUAL_EXPOSURE,
        classes=message.classes or _USUAL_CLASSES,
    )


def sales_of(message: pb2.RevenueSales) -> Sales:
    """Return where revenue comes from."""
    usual = Sales()
    sale, cancellation, currency = usual.sale, usual.cancellation, usual.currency
    if message.HasField("sale"):
        sale = selection_of(message.sale, "sales.sale")
    if message.HasField("cancellation"):
        undoes = message.cancellation
        cancellation = selection_of(undoes, "sales.cancellation") if undoes.event else None
    if message.HasField("currency"):
        currency = property_of(message.currency, "sales.currency") if message.currency.name else None
    return Sales(
        sale=sale,
        amount=_property(message, "amount", usual.amount),
        currency=currency,
        cancellation=cancellation,
        key=_property(message, "key", usual.key),
    )


def churn_of(message: pb2.ChurnQuestion, scope: Scope) -> Churn:
    """Return what is asked."""
    errors = optional_selection(message, "errors", Selection("erro_frontend"))
    return Churn(
        scope=scope,
        activity=optional_selection(message, "activity"),
        errors=errors if errors.event else None,
        horizon=optional_length(message, "horizon", USUAL_HORIZON),
        limit=message.limit or _USUAL_PEOPLE,
    )


def association_table(result: pb2.RevenueAssociationResult) -> Table:
    """Return a row for the plain difference, one for the adjusted one, and one for each stratum."""
    means = [*optional(result.users, "mean"), *optional(result.others, "mean")]
    plain, adjusted = (_difference(result, name) for name in ("plain", "adjusted"))
    rows: list[Row] = [
        ("plain", None, None, None, result.users.units, result.others.units, *means, *plain, True),
        ("adjusted", None, None, None, result.compared_users, result.compared_others, None, None, *adjusted, True),
    ]
    rows += [
        (
            "stratum",
            each.least_activity,
            each.most_activity,
            _SO_FAR.get(each.so_far, ""),
            each.users,
            each.others,
            *optional(each, "users_mean", "others_mean"),
            *(None, None, None),
            each.compared,
        )
        for each in result.strata
    ]
    columns = ("row", "least_activity", "most_activity", "so_far", "users", "others", "users_mean", "others_mean")
    return Table((*columns, "difference", "low", "high", "compared"), tuple(rows))


def churn_table(result: pb2.ChurnResult) -> Table:
    """Return a row for each person."""
    columns = [name for at in range(1, _REASONS + 1) for name in (f"reason_{at}", f"value_{at}")]
    rows = [
        (each.tenant, *optional(each, "user_id"), each.score.probability, *_reasons(each.score), each.actor)
        for each in result.people
    ]
    return Table(("tenant", "user_id", "probability", *columns, "actor"), tuple(rows))


def _reasons(score: pb2.ChurnScore) -> list[Cell]:
    cells: list[Cell] = [cell for reason in score.reasons for cell in (reason.fact, reason.value)]
    return cells + [None] * (2 * _REASONS - len(cells))


def _difference(result: pb2.RevenueAssociationResult, name: str) -> list[Cell]:
    if not result.HasField(name):  # type: ignore[arg-type]  # one of two names
        return [None, None, None]
    found = getattr(result, name)
    return [found.value, found.low, found.high]


def _property(message: pb2.RevenueSales, name: str, usual: Property) -> Property:
    if not message.HasField(name):  # type: ignore[arg-type]  # one of two names
        return usual
    return property_of(getattr(message, name), f"sales.{name}")


REPORTS: Final = {
    "revenue_association": WireReport(association_of, association_table),
    "churn": WireReport(churn_of, churn_table),
}
