"""The primary metric by groups of units: exploratory, of one look, without a verdict. Pure."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from mirante.api.metrics.v1 import experiment_result_pb2 as result_pb2

from services.metrics.experiments.data.tallies import Measured, sums_of_cell
from services.metrics.experiments.results.messages import EYE, arm_result, finite
from services.metrics.experiments.results.settings import Setting
from services.metrics.experiments.statistics.comparing import compare
from services.metrics.experiments.statistics.fixed_horizon import z_test
from services.metrics.experiments.statistics.sums import merged

MOST_GROUPS: Final = 10
"""That are shown one by one: those with most units."""


def groups_of(setting: Setting, measured: Measured) -> list[result_pb2.ExperimentGroup]:
    """Return the groups, the largest first; the small ones together are the last."""
    sizes = sorted(measured.groups.items(), key=lambda each: (-each[1][..., 0].sum(), each[0] is None, each[0] or ""))
    groups = []
    for value, sums in sizes[:MOST_GROUPS]:
        group = _group(setting, sums)
        if value is not None:
            group.value = value
        groups.append(group)
    if len(sizes) > MOST_GROUPS:
        others = _group(setting, np.sum([sums for _, sums in sizes[MOST_GROUPS:]], axis=0))
        others.others = True
        groups.append(others)
    return groups


def _group(setting: Setting, sums: Any) -> result_pb2.ExperimentGroup:
    phases = [{arm: sums_of_cell(phase[at]) for at, arm in enumerate(setting.arms)} for phase in sums]
    control, *others = setting.arms
    results = [arm_result(setting, arm, merged(phase[arm] for phase in phases)) for arm in setting.arms]
    compared: Sequence[result_pb2.ExperimentGroupComparison] = []
    for arm in others:
        message = result_pb2.ExperimentGroupComparison(variant=arm)
        try:
            of = compare(setting.kind, phases, arm, control)
        except ValueError:
            of = None
        if of is not None:
            interval = z_test(of, EYE).interval
            message.MergeFrom(
                result_pb2.ExperimentGroupComparison(
                    **finite(difference=of.value, lower=interval.lower, upper=interval.upper)
                )
            )
        compared = [*compared, message]
    return result_pb2.ExperimentGroup(arms=results, comparisons=compared)
