"""What a rule must be. Pure."""

import re
import uuid
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Final

from mirante.api.metrics.v1 import alert_pb2 as pb2
from mirante.evaluation.model import Violation

from services.metrics.definitions import Aggregation, Metrics
from services.runtime.errors import InvalidRequest
from services.runtime.texts import text_violations

MOST_TENANTS: Final = 1_000
MOST_WEBHOOKS: Final = 100
LONGEST_HOLD_MINUTES: Final = 1_440
LONGEST_PERSISTENCE: Final = 24

_KEY: Final = re.compile(r"[a-z][a-z0-9-]{0,62}", re.ASCII)
_CURRENCY: Final = re.compile(r"(?:[A-Z]{3})?", re.ASCII)
_DECIMAL: Final = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,10})?", re.ASCII)
_MOST_TENANT_BYTES: Final = 100
_MOST_DESCRIPTION: Final = 1_000


def check_rule(rule: pb2.AlertRule, metrics: Metrics) -> None:
    """
    Check what can be checked without a database.

    Raises:
        InvalidRequest: naming every field that is wrong, such as "rule.anomaly.minimum_share".
    """
    found = [Violation(f"rule.{field}", problem) for field, problem in _violations(rule, metrics)]
    if found:
        raise InvalidRequest(found)


def is_rule_key(text: str) -> bool:
    """Return whether a text may be the key of a rule."""
    return _KEY.fullmatch(text) is not None


def tenant_problem(tenant: str) -> str:
    """Return what is wrong with the name of a tenant; empty when nothing is."""
    if not tenant:
        return "is required"
    if len(tenant.encode()) > _MOST_TENANT_BYTES or "\x00" in tenant:
        return f"has {_MOST_TENANT_BYTES} bytes at most, none of them NUL"
    return ""


def uuid_of(field: str, text: str) -> uuid.UUID:
    """Return an id; raise `InvalidRequest` when it is none."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise InvalidRequest.of(field, "must be an id as this service gives them") from None


def decimal_of(text: str) -> Decimal | None:
    """Return a decimal number; None when the text is none."""
    try:
        return Decimal(text) if _DECIMAL.fullmatch(text) else None
    except InvalidOperation:
        return None


def _violations(rule: pb2.AlertRule, metrics: Metrics) -> Iterator[tuple[str, str]]:
    if not _KEY.fullmatch(rule.key):
        yield "key", "must have 1 to 63 characters of a-z, 0-9 and '-', beginning with a letter"
    for violation in text_violations("description", rule.description, _MOST_DESCRIPTION, lines=True):
        yield violation.field, violation.description
    metric = metrics.get(rule.metric)
    if metric is None:
        yield "metric", f"there is no such metric; there are {', '.join(metrics)}"
    elif rule.currency and not metric.currency:
        yield "currency", "has no meaning for a metric that is not money"
    if not _CURRENCY.fullmatch(rule.currency):
        yield "currency", "must be three letters, such as BRL"
    yield from _lists(rule)
    if rule.severity not in pb2.AlertSeverity.values():
        yield "severity", "is unknown"
    condition = rule.WhichOneof("condition")
    if condition == "anomaly":
        if metric is not None and metric.aggregation is Aggregation.PERCENTILE:
            yield "anomaly", "percentiles have thresholds only"
        yield from ((f"anomaly.{field}", problem) for field, problem in _anomaly(rule.anomaly))
    elif condition == "threshold":
        yield from ((f"threshold.{field}", problem) for field, problem in _threshold(rule.threshold))
    else:
        yield "condition", "needs anomaly or threshold"


def _lists(rule: pb2.AlertRule) -> Iterator[tuple[str, str]]:
    if len(rule.tenants) > MOST_TENANTS:
        yield "tenants", f"may be {MOST_TENANTS} at most"
    if len(set(rule.tenants)) < len(rule.tenants):
        yield "tenants", "names one twice"
    for at, tenant in enumerate(rule.tenants[:MOST_TENANTS]):
        problem = tenant_problem(tenant)
        if problem:
            yield f"tenants[{at}]", problem
    if len(rule.webhooks) > MOST_WEBHOOKS:
        yield "webhooks", f"may be {MOST_WEBHOOKS} at most"
    for at, webhook in enumerate(rule.webhooks[:MOST_WEBHOOKS]):
        try:
            uuid.UUID(webhook)
        except ValueError:
            yield f"webhooks[{at}]", "must be the id of a webhook"


def _anomaly(condition: pb2.AnomalyCondition) -> Iterator[tuple[str, str]]:
    for at, direction in enumerate(condition.directions):
        if direction not in (pb2.ANOMALY_DIRECTION_UP, pb2.ANOMALY_DIRECTION_DOWN):
            yield f"directions[{at}]", "must be ANOMALY_DIRECTION_UP or ANOMALY_DIRECTION_DOWN"
    if condition.sensitivity not in pb2.AnomalySensitivity.values():
        yield "sensitivity", "is unknown"
    for field in ("minimum_difference", "minimum_volume"):
        text = getattr(condition, field)
        number = decimal_of(text) if text else Decimal(0)
        if number is None or number < 0:
            yield field, "must be a decimal number that is not negative"
    if not 0 <= condition.minimum_share <= 100:
        yield "minimum_share", "must be between 0 and 100; 0.2 is 20 %"
    if condition.persistence > LONGEST_PERSISTENCE:
        yield "persistence", f"may be {LONGEST_PERSISTENCE} hours at most"


def _threshold(condition: pb2.ThresholdCondition) -> Iterator[tuple[str, str]]:
    if condition.comparison not in (pb2.THRESHOLD_COMPARISON_ABOVE, pb2.THRESHOLD_COMPARISON_BELOW):
        yield "comparison", "must be THRESHOLD_COMPARISON_ABOVE or THRESHOLD_COMPARISON_BELOW"
    if decimal_of(condition.value) is None:
        yield "value", "must be a decimal number"
    held = condition.held_for
    if held.nanos or held.seconds % 60 or not 0 <= held.seconds <= LONGEST_HOLD_MINUTES * 60:
        yield "held_for", "must be whole minutes, at most 24 hours"
