"""What a design must be. Pure."""

import math
import re
from collections.abc import Iterator, Sequence
from typing import Final

from mirante.api.metrics.v1 import experiment_pb2 as pb2
from mirante.evaluation.model import Violation

from services.metrics.experiments.data.questions import DAY
from services.metrics.experiments.designing.asking import events_of, microseconds
from services.metrics.experiments.designing.defaults import ALPHA, WHOLE, by_tenant, metrics, plan_of
from services.runtime.errors import InvalidRequest
from services.runtime.texts import text_violations

MOST_ARMS: Final = 10
MOST_METRICS: Final = 10
"""Secondary ones, and guardrails."""
MOST_CONDITIONS: Final = 10
LONGEST_WINDOW: Final = 90 * DAY
LONGEST_COVARIATE: Final = 28 * DAY

_KEY: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}", re.ASCII)
_LONGEST_HYPOTHESIS: Final = 4_000
_LONGEST_NAME: Final = 200
_LARGEST_ALPHA: Final = 0.5
"""Bounds of harm are one-sided, and say nothing beyond it."""

Problems = Iterator[tuple[str, str]]


def is_key(text: str) -> bool:
    """Return whether a text may be the key of an experiment."""
    return _KEY.fullmatch(text) is not None


def check_design(experiment: pb2.Experiment) -> None:
    """
    Check what can be checked without anybody else.

    Raises:
        InvalidRequest: naming every field that is wrong, such as "experiment.primary.window".
    """
    found = [Violation(f"experiment.{field}", problem) for field, problem in _problems(experiment)]
    if found:
        raise InvalidRequest(found)


def check_arms(field: str, arms: Sequence[pb2.ExperimentArm]) -> Problems:
    """Yield what is wrong with arms and their weights."""
    if not 2 <= len(arms) <= MOST_ARMS:
        yield field, f"must be 2 to {MOST_ARMS}, the control among them"
    if len({arm.variant for arm in arms}) < len(arms):
        yield field, "names a variant twice"
    for at, arm in enumerate(arms[:MOST_ARMS]):
        if not 1 <= arm.weight <= WHOLE:
            yield f"{field}[{at}].weight", f"must be between 1 and {WHOLE:,}"


def _problems(experiment: pb2.Experiment) -> Problems:
    if not is_key(experiment.key):
        yield "key", "must have 1 to 63 characters of a-z, 0-9, '-' and '_', beginning with a letter"
    if not experiment.hypothesis.strip():
        yield "hypothesis", "is required: what is believed, and why"
    for name, most in (("hypothesis", _LONGEST_HYPOTHESIS), ("owner", _LONGEST_NAME)):
        for violation in text_violations(name, getattr(experiment, name), most, lines=name == "hypothesis"):
            yield violation.field, violation.description
    if not experiment.flag_key:
        yield "flag_key", "is required"
    yield from check_arms("arms", experiment.arms)
    if experiment.control not in {arm.variant for arm in experiment.arms}:
        yield "control", "must be one of the arms"
    if experiment.unit not in pb2.RandomizationUnit.values():
        yield "unit", "is unknown"
    yield from _allocation(experiment)
    if not experiment.HasField("primary"):
        yield "primary", "is required"
    yield from _all_metrics(experiment)
    yield from _rules(experiment)


def _allocation(experiment: pb2.Experiment) -> Problems:
    if experiment.layer and not is_key(experiment.layer):
        yield "layer", "must be as a key of an experiment is"
    for name in ("coverage", "layer_share", "holdout"):
        if getattr(experiment, name) > WHOLE:
            yield name, f"may be {WHOLE:,} at most"
    if experiment.holdout >= WHOLE or experiment.holdout + experiment.layer_share > WHOLE:
        yield "layer_share", f"does not fit: with the holdout it is more than {WHOLE:,}, which is 100 %"


def _all_metrics(experiment: pb2.Experiment) -> Problems:
    for name in ("secondary", "guardrails"):
        if len(getattr(experiment, name)) > MOST_METRICS:
            yield name, f"may be {MOST_METRICS} at most"
            return
    seen: set[str] = set()
    for field, metric in metrics(experiment):
        if metric.key in seen:
            yield f"{field}.key", "is the key of another metric as well"
        seen.add(metric.key)
        yield from ((f"{field}.{name}", problem) for name, problem in _metric(metric))
        if metric.HasField("covariate_window") and by_tenant(experiment):
            yield f"{field}.covariate_window", "has no meaning where tenants are drawn"
        if field.startswith("guardrails") and not metric.HasField("margin"):
            yield f"{field}.margin", "is required of guardrails: how much harm is accepted"


def _metric(metric: pb2.ExperimentMetric) -> Problems:
    if not is_key(metric.key):
        yield "key", "must be as a key of an experiment is"
    for violation in text_violations("name", metric.name, _LONGEST_NAME):
        yield violation.field, violation.description
    if metric.direction not in pb2.MetricDirection.values():
        yield "direction", "is unknown"
    measure = metric.WhichOneof("measure")
    if measure is None:
        yield "measure", "needs proportion, mean, ratio or revenue"
    if not 1_000_000 <= microseconds(metric.window) <= LONGEST_WINDOW:
        yield "window", f"must be between 1 second and {LONGEST_WINDOW // DAY} days"
    yield from _numbers(metric, is_amount=measure in ("mean", "revenue"))
    for field, events in events_of(metric):
        yield from ((f"{field}.{name}", problem) for name, problem in _events(field, events))


def _numbers(metric: pb2.ExperimentMetric, *, is_amount: bool) -> Problems:
    if metric.HasField("covariate_window"):
        if not is_amount:
            yield "covariate_window", "is of means and revenue only"
        if not DAY <= microseconds(metric.covariate_window) <= LONGEST_COVARIATE:
            yield "covariate_window", f"must be between 1 and {LONGEST_COVARIATE // DAY} days"
    if (metric.HasField("cap") or metric.cap_quantile) and not is_amount:
        yield "cap", "is of means and revenue only"
    if metric.HasField("cap") and not (metric.cap > 0.0 and math.isfinite(metric.cap)):
        yield "cap", "must be a positive number"
    if metric.cap_quantile and not 0.5 <= metric.cap_quantile < 1.0:
        yield "cap_quantile", "must be at least 0.5 and below 1; 0.99 is 99 %"
    if metric.HasField("margin") and not (metric.margin > 0.0 and math.isfinite(metric.margin)):
        yield "margin", "must be a positive number"


def _events(field: str, events: pb2.EventMeasure) -> Problems:
    if not events.event:
        yield "event", "is required"
    if field == "proportion" and events.property:
        yield "property", "has no meaning: it is counted who did it at all"
    if field.startswith("revenue") and not events.property:
        yield "property", "is required: the amount"
    if len(events.conditions) > MOST_CONDITIONS:
        yield "conditions", f"may be {MOST_CONDITIONS} at most"
    for at, condition in enumerate(events.conditions[:MOST_CONDITIONS]):
        if not condition.property:
            yield f"conditions[{at}].property", "is required"
        if not 1 <= len(condition.values) <= 100:
            yield f"conditions[{at}].values", "must be 1 to 100"


def _rules(experiment: pb2.Experiment) -> Problems:
    rules = experiment.rules
    if rules.method not in pb2.DecisionMethod.values():
        yield "rules.method", "is unknown"
    for name in ("minimum_effect", "alpha", "alpha_sequence"):
        value = getattr(rules, name)
        if value < 0.0 or not math.isfinite(value):
            yield f"rules.{name}", "must be a number that is not negative"
            return
    if rules.alpha >= _LARGEST_ALPHA:
        yield "rules.alpha", f"must be below {_LARGEST_ALPHA}; 0 means 0.05"
        return
    if rules.alpha_sequence >= (rules.alpha or ALPHA):
        yield "rules.alpha_sequence", "must be below alpha, of which it is a part"
        return
    if rules.planned_units > 10**12:
        yield "rules.planned_units", "is more than there are people"
    if len(experiment.arms) < 2:
        return
    try:
        plan_of(experiment)
    except ValueError as error:
        field, _, reason = str(error).partition(": ")
        names = {"horizon": "planned_units", "smallest_effect": "minimum_effect"}
        yield f"rules.{names.get(field, field)}", reason
