"""How each metric of an experiment is tested. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mirante.api.metrics.v1 import experiment_pb2 as pb2
from mirante.api.metrics.v1 import experiment_result_pb2 as result_pb2

from services.metrics.experiments.designing.asking import kind_of
from services.metrics.experiments.designing.defaults import arms, better, by_tenant, metrics, plan_of
from services.metrics.experiments.statistics.always_valid import frozen_tau, tightest_at
from services.metrics.experiments.statistics.comparing import Kind
from services.metrics.experiments.statistics.guardrails import Better
from services.metrics.experiments.statistics.plans import Plan

_ROLES: Final = {
    "primary": result_pb2.METRIC_ROLE_PRIMARY,
    "secondary": result_pb2.METRIC_ROLE_SECONDARY,
    "guardrails": result_pb2.METRIC_ROLE_GUARDRAIL,
}
_TIGHTEST_TENANTS: Final = 200
"""Tenants of both arms at which the sequence is tightest when no number is planned."""


@dataclass(frozen=True, slots=True)
class Setting:
    """
    A metric and its test; all of it is frozen at the start.

    Attributes:
        key: of the metric.
        kind: what its sums are.
        role: primary, secondary or guardrail.
        better: which way it should go.
        plan: the experiment's rules.
        arms: the control first.
        level: of the always-valid test of one arm.
        tightest: units of both arms at which that is tightest.
        spread: the variance of one unit that was expected; None: not known.
        shares: of each arm within its pair with the control, when it began.
        covariate: whether one takes variance out.
        tenants: whether rows are tenants.
        margin: the harm that is accepted of a guardrail.
        guardrails: how many there are.
    """

    key: str
    kind: Kind
    role: result_pb2.MetricRole.ValueType
    better: Better
    plan: Plan
    arms: tuple[str, ...]
    level: float
    tightest: float
    spread: float | None
    shares: dict[str, float]
    covariate: bool
    tenants: bool
    margin: float | None
    guardrails: int

    def mixture(self, arm: str, units: int, variance: float) -> float:
        """
        Return the mixture of the test at a look: by the tau that was frozen; where the past said nothing, by the rho
        that was, which holds as well and is a little wider when the allocation changes.
        """
        rho = tightest_at(self.tightest, self.level)
        if self.spread is None or self.tenants:
            return rho * rho * units
        return frozen_tau(rho, self.spread, self.shares[arm]) / variance


def settings_of(record: pb2.ExperimentRecord) -> Iterator[Setting]:
    """Yield the settings of all metrics, the primary one first."""
    experiment = record.experiment
    plan, drawn = plan_of(experiment), by_tenant(experiment)
    weights = {arm.variant: arm.weight for arm in record.phases[0].arms}
    control = weights[experiment.control]
    tightest = _TIGHTEST_TENANTS if drawn and plan.horizon is None else plan.tightest
    for field, metric in metrics(experiment):
        role = _ROLES[field.partition("[")[0]]
        is_primary = role == result_pb2.METRIC_ROLE_PRIMARY
        kind = kind_of(metric)
        yield Setting(
            metric.key,
            Kind.RATIO if drawn else kind,
            role,
            better(metric),
            plan,
            tuple(arms(experiment)),
            plan.sequence_level if is_primary else plan.alpha / plan.arms,
            tightest,
            metric.planned_spread if metric.HasField("planned_spread") and metric.planned_spread > 0.0 else None,
            {arm: weight / (weight + control) for arm, weight in weights.items()},
            metric.HasField("covariate_window") and not drawn,
            drawn,
            metric.margin if metric.HasField("margin") else None,
            len(experiment.guardrails),
        )
