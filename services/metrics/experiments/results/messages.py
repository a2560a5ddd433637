"""Results as messages. Pure."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.metrics.v1 import experiment_pb2 as pb2
from mirante.api.metrics.v1 import experiment_result_pb2 as result_pb2

from services.metrics.experiments.results.looking import Compared, Seen, estimate_of
from services.metrics.experiments.results.settings import Setting
from services.metrics.experiments.statistics.bayes import chance_to_win
from services.metrics.experiments.statistics.comparing import Kind
from services.metrics.experiments.statistics.estimates import Estimate
from services.metrics.experiments.statistics.fixed_horizon import lift_interval, wilson
from services.metrics.experiments.statistics.guardrails import Better
from services.metrics.experiments.statistics.intervals import Interval
from services.metrics.experiments.statistics.sums import Sums

EYE: Final = 0.05
"""The level of intervals that are for the eye."""
_Z: Final = 1.959963984540054


def moment(microseconds: int) -> Timestamp:
    """Return an instant as a message."""
    return Timestamp(seconds=microseconds // 1_000_000, nanos=microseconds % 1_000_000 * 1_000)


def finite(**values: float | None) -> dict[str, Any]:
    """Return the numbers that there are."""
    return {name: value for name, value in values.items() if value is not None and math.isfinite(value)}


def arm_result(setting: Setting, arm: str, sums: Sums) -> result_pb2.ArmResult:
    """Return an arm alone."""
    result = result_pb2.ArmResult(variant=arm, units=sums.units)
    of = estimate_of(setting, sums)
    if setting.kind is Kind.PROPORTION:
        result.conversions = int(sums.y)
    if of is None:
        return result
    result.estimate = of.value
    if setting.kind is Kind.PROPORTION:
        interval = wilson(sums, EYE)
    else:
        half = _Z * math.sqrt(of.variance)
        interval = Interval(of.value - half, of.value + half)
    result.lower, result.upper = interval.lower, interval.upper
    return result


def comparison(
    setting: Setting, of: Compared, at: Mapping[int, int], adjusted: float | None, *, single: bool
) -> result_pb2.ArmComparison:
    """
    Return an arm against the control.

    Args:
        setting: the metric.
        of: all looks.
        at: when the look of each day was.
        adjusted: the p-value for several comparisons.
        single: whether there was one allocation throughout, so that arms may be seen whole.
    """
    last, kept = of.series[-1], of.kept
    interval = kept.running.interval
    message = result_pb2.ArmComparison(
        variant=of.arm,
        interval_empty=interval.empty,
        harmed=kept.harmed,
        harmless=kept.harmless,
        series=[_point(setting, seen, at[seen.day]) for seen in of.series],
        **({} if interval.empty else finite(lower=interval.lower, upper=interval.upper)),
    )
    if last.difference is not None:
        message.difference = last.difference.value
        message.p = kept.running.p
        if adjusted is not None:
            message.adjusted_p = adjusted
    if kept.horizon is not None:
        message.at_horizon.p, message.at_horizon.difference = kept.horizon.p, kept.horizon.difference
        if kept.horizon_at is not None:
            message.at_horizon.at.CopyFrom(moment(kept.horizon_at))
    _add_lift(setting, last, message, single=single)
    return message


def _add_lift(setting: Setting, last: Seen, message: result_pb2.ArmComparison, *, single: bool) -> None:
    control, arm = estimate_of(setting, last.control), estimate_of(setting, last.arm)
    if last.difference is None or control is None or arm is None or not control.value:
        return
    message.lift = last.difference.value / control.value
    if single:
        interval = lift_interval(arm, control, EYE)
        if math.isfinite(interval.lower) and math.isfinite(interval.upper):
            message.lift_lower, message.lift_upper = interval.lower, interval.upper
        if setting.kind is Kind.PROPORTION:
            chance = chance_to_win(last.arm, last.control)
            message.chance_to_win = chance if setting.better is Better.HIGHER else 1.0 - chance


def metric_result(
    setting: Setting, metric: pb2.ExperimentMetric, compared: Sequence[Compared], of: Sequence[result_pb2.ArmComparison]
) -> result_pb2.MetricResult:
    """Return a metric with all its arms."""
    arms = [(setting.arms[0], compared[0].series[-1].control), *((each.arm, each.series[-1].arm) for each in compared)]
    result = result_pb2.MetricResult(
        metric_key=metric.key,
        name=metric.name or metric.key,
        role=setting.role,
        direction=metric.direction or pb2.METRIC_DIRECTION_HIGHER_IS_BETTER,
        arms=[arm_result(setting, arm, sums) for arm, sums in arms],
        comparisons=of,
        adjusted=setting.covariate,
    )
    if metric.HasField("cap"):
        result.cap = metric.cap
    return result


def _point(setting: Setting, seen: Seen, at: int) -> result_pb2.ExperimentSeriesPoint:
    values = finite(
        control_estimate=_value(estimate_of(setting, seen.control)),
        estimate=_value(estimate_of(setting, seen.arm)),
        difference=None if seen.difference is None else seen.difference.value,
        lower=None if seen.look is None else seen.look.interval.lower,
        upper=None if seen.look is None else seen.look.interval.upper,
    )
    return result_pb2.ExperimentSeriesPoint(
        at=moment(at), control_units=seen.control.units, units=seen.arm.units, **values
    )


def _value(of: Estimate | None) -> float | None:
    return None if of is None else of.value
