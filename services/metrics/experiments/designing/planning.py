"""What a design costs, and what it can find. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mirante.api.metrics.v1 import experiment_pb2 as pb2
from mirante.api.metrics.v1 import experiment_result_pb2 as result_pb2

from services.metrics.experiments.data.questions import DAY, Question
from services.metrics.experiments.data.tallies import Measured, sums_of_cell
from services.metrics.experiments.designing.asking import kind_of, metric_of
from services.metrics.experiments.designing.defaults import WHOLE, by_tenant, plan_of
from services.metrics.experiments.designing.past import ACTIVITY
from services.metrics.experiments.statistics.comparing import Kind, estimate
from services.metrics.experiments.statistics.planning import (
    guardrail_power,
    guardrail_size,
    mean_size,
    smallest_effect,
    unpooled_size,
)
from services.metrics.experiments.statistics.plans import Method, Plan

DAYS: Final = (7, 14, 21, 28, 42, 56, 90)
LONGEST: Final = 730


@dataclass(frozen=True, slots=True)
class Past:
    """
    What a metric was like.

    Attributes:
        units: that it was seen of.
        baseline: its estimate; None where nothing is known.
        spread: the variance of one unit; None where nothing is known, or it does not vary.
    """

    units: int
    baseline: float | None
    spread: float | None


def past_of(metric: pb2.ExperimentMetric, measured: Measured, *, tenants: bool) -> Past:
    """Return what the past says of a metric."""
    sums = sums_of_cell(measured.metrics[metric.key][0, 0, -1])
    try:
        of = estimate(Kind.RATIO if tenants else kind_of(metric), sums)
    except ValueError:
        return Past(sums.units, None, None)
    spread = of.variance * sums.units
    return Past(sums.units, of.value, spread if spread > 0.0 else None)


class Traffic:
    """
    How many units come in so many days: as the past had them, and beyond its end as in its last week.

    Args:
        measured: the past.
        share: of all units, that the smallest arm gets.
    """

    def __init__(self, measured: Measured, share: float) -> None:
        self._curve = [int(each) for each in measured.exposures[0, 0]]
        self._share = share

    @property
    def per_day(self) -> float:
        """Units a day, all arms together, before shares."""
        return self._curve[-1] / len(self._curve)

    def arm_units(self, days: int) -> int:
        """Return the units of the smallest arm after so many days."""
        if days <= 0:
            return 0
        known = len(self._curve)
        if days <= known:
            return int(self._curve[days - 1] * self._share)
        week = min(7, known - 1)
        slope = (self._curve[-1] - self._curve[-1 - week]) / week if week else float(self._curve[-1])
        return int((self._curve[-1] + slope * (days - known)) * self._share)

    def days_until(self, units: int) -> int:
        """Return the days until the smallest arm has so many units; 0 when it never has."""
        return next((days for days in range(1, LONGEST + 1) if self.arm_units(days) >= units), 0)


def plan_message(
    experiment: pb2.Experiment, question: Question, measured: Measured, *, population: str, power: float
) -> result_pb2.ExperimentPlan:
    """Return sizes, duration and what can be found."""
    plan, tenants = plan_of(experiment), by_tenant(experiment)
    traffic = Traffic(measured, arm_share(experiment))
    needed = guardrail_power(power, len(experiment.guardrails))
    effect = experiment.rules.minimum_effect
    primary = past_of(experiment.primary, measured, tenants=tenants)
    proportion = kind_of(experiment.primary) is Kind.PROPORTION and not tenants
    size = _size(primary, effect, size_level(plan), needed, proportion=proportion) if effect else 0
    guardrails = [
        _guardrail(metric, past_of(metric, measured, tenants=tenants), plan, needed) for metric in experiment.guardrails
    ]
    units = max([size, *(each.units_per_arm for each in guardrails)]) if size else 0
    window = -(-metric_of(experiment.primary).window // DAY)
    days = traffic.days_until(units) if units else 0
    message = result_pb2.ExperimentPlan(
        population=population,
        units_per_day=traffic.per_day * _part(experiment),
        primary=_planned(experiment.primary, primary, size),
        guardrails=guardrails,
        units_per_arm=units,
        days=max(days + window, plan.fewest_days) if days else 0,
        power=power,
        detectable=[
            _detectable(day, traffic.arm_units(day - window), primary, size_level(plan), needed, proportion=proportion)
            for day in DAYS
        ],
    )
    message.past_from.FromMicroseconds(question.enrolment.start)
    message.past_until.FromMicroseconds(question.until)
    message.warnings.extend(_warnings(message, primary))
    return message


def arm_share(experiment: pb2.Experiment) -> float:
    """Return the share of all units that the smallest arm gets."""
    weights = [arm.weight for arm in experiment.arms]
    return min(weights) / sum(weights) * _part(experiment)


def size_level(plan: Plan) -> float:
    """Return the two-sided level of the test of one arm that sizes are for."""
    if plan.method is Method.ALWAYS_VALID:
        return plan.sequence_level
    return plan.horizon_level if plan.method is Method.HYBRID else plan.horizon_level / plan.arms


def _part(experiment: pb2.Experiment) -> float:
    layer = experiment.layer_share or WHOLE - experiment.holdout
    return layer / WHOLE * (experiment.coverage or WHOLE) / WHOLE


def _size(past: Past, effect: float, alpha: float, power: float, *, proportion: bool) -> int:
    if past.baseline is None or past.spread is None:
        return 0
    try:
        if proportion:
            return math.ceil(unpooled_size(past.baseline, effect, alpha, power))
        return math.ceil(mean_size(effect, math.sqrt(past.spread), alpha, power))
    except ValueError:
        return 0


def _guardrail(metric: pb2.ExperimentMetric, past: Past, plan: Plan, power: float) -> result_pb2.PlannedMetric:
    size = 0
    if past.spread is not None:
        size = math.ceil(guardrail_size(past.spread, metric.margin, plan.alpha, power))
    return _planned(metric, past, size)


def _planned(metric: pb2.ExperimentMetric, past: Past, size: int) -> result_pb2.PlannedMetric:
    message = result_pb2.PlannedMetric(metric_key=metric.key, units=past.units, units_per_arm=size)
    if past.baseline is not None:
        message.baseline = past.baseline
    if past.spread is not None:
        message.spread = past.spread
    if metric.HasField("cap"):
        message.cap = metric.cap
    return message


def _detectable(
    days: int, units: int, past: Past, alpha: float, power: float, *, proportion: bool
) -> result_pb2.DetectableEffect:
    message = result_pb2.DetectableEffect(days=days, units_per_arm=units)
    effect = _found(units, past, alpha, power, proportion=proportion)
    if effect is not None:
        message.effect = effect
        if past.baseline:
            message.lift = effect / past.baseline
    return message


def _found(units: int, past: Past, alpha: float, power: float, *, proportion: bool) -> float | None:
    if units < 2 or past.baseline is None or past.spread is None:
        return None
    try:
        if proportion:
            return smallest_effect(past.baseline, units, alpha, power)
        # The size falls with the square of the effect, but for the smallest of sizes.
        deviation = math.sqrt(past.spread)
        return deviation * math.sqrt(mean_size(deviation, deviation, alpha, power) / units)
    except ValueError:
        return None


def _warnings(message: result_pb2.ExperimentPlan, past: Past) -> Sequence[str]:
    told = {
        "O passado não tem nada desta métrica: não dá para calcular o tamanho.": past.spread is None,
        "A flag ainda não tem exposições: conta quem fez qualquer coisa, que pode ser mais gente do que a que verá a "
        "mudança.": message.population == ACTIVITY,
        "Com o movimento de hoje o tamanho não seria alcançado em dois anos.": bool(message.units_per_arm)
        and not message.days,
        "Achar o efeito mínimo levaria mais de oito semanas: pense num maior, ou em menos variantes.": message.days
        > 56,
    }
    return [text for text, holds in told.items() if holds]
