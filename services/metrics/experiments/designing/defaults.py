"""What a design means where it says nothing. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from mirante.api.metrics.v1 import experiment_pb2 as pb2

from services.metrics.experiments.statistics.guardrails import Better
from services.metrics.experiments.statistics.plans import Method, Plan
from services.metrics.experiments.statistics.tenants import FEWEST_TENANTS

WHOLE: Final = 100_000
"""Shares are out of it."""
ALPHA: Final = 0.05
ALPHA_SEQUENCE: Final = 0.01
"""Of a smaller alpha: a fifth of it."""
FEWEST_UNITS: Final = 1_000
FEWEST_CONVERSIONS: Final = 5
FEWEST_DAYS: Final = 7

_METHODS: Final = {
    pb2.DECISION_METHOD_FIXED: Method.FIXED,
    pb2.DECISION_METHOD_ALWAYS_VALID: Method.ALWAYS_VALID,
    pb2.DECISION_METHOD_HYBRID: Method.HYBRID,
}


def by_tenant(experiment: pb2.Experiment) -> bool:
    """Return whether tenants are drawn."""
    return experiment.unit == pb2.RANDOMIZATION_UNIT_TENANT


def treatments(experiment: pb2.Experiment) -> list[str]:
    """Return the arms but the control."""
    return [arm.variant for arm in experiment.arms if arm.variant != experiment.control]


def arms(experiment: pb2.Experiment) -> list[str]:
    """Return all arms, the control first."""
    return [experiment.control, *treatments(experiment)]


def better(metric: pb2.ExperimentMetric) -> Better:
    """Return which way a metric should go."""
    lower = metric.direction == pb2.METRIC_DIRECTION_LOWER_IS_BETTER
    return Better.LOWER if lower else Better.HIGHER


def metrics(experiment: pb2.Experiment) -> Iterator[tuple[str, pb2.ExperimentMetric]]:
    """Yield all metrics with their fields: the primary one, secondary ones, guardrails."""
    yield "primary", experiment.primary
    for field in ("secondary", "guardrails"):
        some: Sequence[pb2.ExperimentMetric] = getattr(experiment, field)
        for at, metric in enumerate(some):
            yield f"{field}[{at}]", metric


def method(rules: pb2.DecisionRules) -> Method:
    """Return how the primary metric is tested."""
    return _METHODS.get(rules.method, Method.HYBRID if rules.planned_units else Method.ALWAYS_VALID)


def plan_of(experiment: pb2.Experiment) -> Plan:
    """
    Return the rules of decision.

    Raises:
        ValueError: they do not hold together; the text begins with the field.
    """
    rules = experiment.rules
    fewest = FEWEST_TENANTS if by_tenant(experiment) else FEWEST_UNITS
    alpha = rules.alpha or ALPHA
    return Plan(
        method(rules),
        len(treatments(experiment)),
        int(rules.planned_units) or None,
        better(experiment.primary),
        alpha,
        rules.alpha_sequence or min(ALPHA_SEQUENCE, alpha / 5.0),
        rules.minimum_effect or None,
        rules.minimum_units if rules.HasField("minimum_units") else fewest,
        rules.minimum_conversions if rules.HasField("minimum_conversions") else FEWEST_CONVERSIONS,
        rules.minimum_days if rules.HasField("minimum_days") else FEWEST_DAYS,
    )
