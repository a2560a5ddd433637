"""How the detection is set by a rule. Pure."""

import datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from mirante.api.metrics.v1 import alert_pb2 as pb2

from services.metrics.alerts.detection import (
    Direction,
    Kind,
    Prior,
    Rule,
    Sensitivity,
    Settings,
    Threshold,
    usual_prior,
)
from services.metrics.definitions import Aggregation

_KINDS: Final = {
    Aggregation.COUNT: Kind.COUNT,
    Aggregation.DISTINCT_ACTORS: Kind.COUNT,
    Aggregation.SUM: Kind.SUM,
    Aggregation.ACTOR_RATIO: Kind.RATIO,
}
_SENSITIVITIES: Final = {
    pb2.ANOMALY_SENSITIVITY_LOW: Sensitivity(point=1e-4, gap=1e-4),
    pb2.ANOMALY_SENSITIVITY_MEDIUM: Sensitivity(point=1e-3, gap=1e-3),
    pb2.ANOMALY_SENSITIVITY_HIGH: Sensitivity(point=1e-2, gap=1e-2),
}
FEWEST: Final = 3.0
"""Nothing is unusual about fewer events more or less, unless a rule says another number."""

_UP, _DOWN = pb2.ANOMALY_DIRECTION_UP, pb2.ANOMALY_DIRECTION_DOWN


def settings_of(rule: pb2.AlertRule, aggregation: Aggregation, zone: ZoneInfo, pooled: Prior | None) -> Settings:
    """Return how a rule of anomalies judges a metric made in this way."""
    condition, kind = rule.anomaly, kind_of(aggregation)
    difference = condition.minimum_difference
    directions = set(condition.directions) or {_UP, _DOWN}
    return Settings(
        kind=kind,
        zone=zone,
        direction=Direction.BOTH
        if directions == {_UP, _DOWN}
        else Direction.UP
        if _UP in directions
        else Direction.DOWN,
        sensitivity=_SENSITIVITIES.get(condition.sensitivity),
        persistence=condition.persistence or 1,
        minimum_count=float(difference) if difference and kind is not Kind.SUM else FEWEST,
        minimum_share=condition.minimum_share,
        prior=usual_prior(kind) if pooled is None else pooled,
    )


def kind_of(aggregation: Aggregation) -> Kind:
    """Return what the hours of a metric are that is made in this way; not of percentiles."""
    return _KINDS[aggregation]


def threshold_of(rule: pb2.AlertRule) -> Threshold:
    """Return the threshold of a rule of thresholds."""
    condition = rule.threshold
    above = condition.comparison == pb2.THRESHOLD_COMPARISON_ABOVE
    return Threshold(
        Rule.THRESHOLD_ABOVE if above else Rule.THRESHOLD_BELOW,
        Decimal(condition.value),
        datetime.timedelta(seconds=condition.held_for.seconds),
    )


def covers(rule: pb2.AlertRule, tenant: str, currency: str) -> bool:
    """Return whether a rule watches a tenant's numbers in a currency."""
    return (not rule.tenants or tenant in rule.tenants) and rule.currency in ("", currency)


def judged_anew(before: pb2.AlertRule, after: pb2.AlertRule) -> bool:
    """Return whether what was judged by a rule says nothing about the rule after a change."""
    return (
        after.disabled
        or before.metric != after.metric
        or before.currency != after.currency
        or before.WhichOneof("condition") != after.WhichOneof("condition")
        or before.anomaly != after.anomaly
        or before.threshold != after.threshold
    )
