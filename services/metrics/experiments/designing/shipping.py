"""The rollout plan of a winner: drawn and guarded as its experiment was. Pure."""

from collections.abc import Iterator

from mirante.api.flags.v1 import rollout_guard_pb2, rollout_pb2
from mirante.api.metrics.v1 import experiment_pb2 as pb2

from services.metrics.experiments.designing.allocation import TENANT
from services.metrics.experiments.designing.defaults import better, by_tenant
from services.metrics.experiments.statistics.guardrails import Better


def plan_of(experiment: pb2.Experiment, variant: str) -> rollout_pb2.RolloutPlan:
    """
    Return the plan that brings a variant to everybody, without its stages.

    Guardrails go with it that are shares of users with an event: others a plan cannot watch, nor any of tenants.
    """
    return rollout_pb2.RolloutPlan(
        flag_key=experiment.flag_key,
        variant=variant,
        baseline_variant=experiment.control,
        origin=experiment.key,
        bucket_by=TENANT if by_tenant(experiment) else "",
        guards=() if by_tenant(experiment) else _guards(experiment),
    )


def _guards(experiment: pb2.Experiment) -> Iterator[rollout_guard_pb2.Guard]:
    for metric in experiment.guardrails:
        if metric.WhichOneof("measure") != "proportion" or metric.proportion.conditions:
            continue
        fewer = better(metric) is Better.HIGHER
        harm = rollout_guard_pb2.HARM_DIRECTION_LESS if fewer else rollout_guard_pb2.HARM_DIRECTION_MORE
        rail = rollout_guard_pb2.Guardrail(events=[metric.proportion.event], harm=harm)
        yield rollout_guard_pb2.Guard(name=metric.key, guardrail=rail)
