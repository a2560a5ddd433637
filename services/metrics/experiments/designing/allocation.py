"""What an experiment does to its flag: the rule draws the arms, or serves one variant to everybody. Pure."""

from collections.abc import Sequence
from typing import Final

from mirante.api.flags.v1 import flag_pb2
from mirante.api.metrics.v1 import experiment_pb2 as pb2

from services.metrics.experiments.designing.defaults import WHOLE, by_tenant
from services.runtime.errors import InvalidRequest, StateConflict

TENANT: Final = "tenant_id"
"""The attribute of contexts that names the tenant."""


def drawing(flag: flag_pb2.Flag, record: pb2.ExperimentRecord, phase: pb2.AllocationPhase) -> flag_pb2.Flag:
    """Return the flag with the experiment's rule drawing the arms; raise `InvalidRequest` when it has no such rule."""
    changed = flag_pb2.Flag()
    changed.CopyFrom(flag)
    serve = _serve(changed, record.experiment)
    rollout = flag_pb2.Rollout(
        bucket_by=TENANT if by_tenant(record.experiment) else "",
        splits=[
            flag_pb2.Split(variant=arm.variant, weight=weight)
            for arm, weight in zip(phase.arms, split_weights([arm.weight for arm in phase.arms]), strict=True)
        ],
    )
    if phase.coverage and phase.coverage < WHOLE:
        rollout.coverage = phase.coverage
    held = record.layer_range
    if held.end - held.start < WHOLE:
        rollout.range.CopyFrom(flag_pb2.BucketRange(salt=held.salt, start=held.start, end=held.end))
    serve.rollout.CopyFrom(rollout)
    return changed


def draws(flag: flag_pb2.Flag, record: pb2.ExperimentRecord) -> bool:
    """Return whether the flag gives out the arms of an experiment that has started as its newest phase says."""
    if not flag.on or flag.HasField("kill"):
        return False
    try:
        wanted = drawing(flag, record, record.phases[-1])
    except InvalidRequest:
        return False  # its rule is gone
    return _serve(flag, record.experiment) == _serve(wanted, record.experiment)


def serving(flag: flag_pb2.Flag, experiment: pb2.Experiment, variant: str) -> flag_pb2.Flag:
    """Return the flag with the experiment's rule serving one variant; raise as `drawing` does."""
    changed = flag_pb2.Flag()
    changed.CopyFrom(flag)
    _serve(changed, experiment).variant = variant
    return changed


def split_weights(weights: Sequence[int]) -> list[int]:
    """Return weights as shares that add up to 100,000; what rounding leaves goes to the largest remainders."""
    total = sum(weights)
    shares = [weight * WHOLE // total for weight in weights]
    remainders = sorted(range(len(weights)), key=lambda at: (-(weights[at] * WHOLE % total), at))
    for at in remainders[: WHOLE - sum(shares)]:
        shares[at] += 1
    return shares


def check_flag(flag: flag_pb2.Flag, experiment: pb2.Experiment) -> None:
    """Raise `InvalidRequest` when the flag has not the variants or the rule that a design names."""
    variants = {variant.name for variant in flag.variants}
    for at, arm in enumerate(experiment.arms):
        if arm.variant not in variants:
            known = ", ".join(sorted(variants))
            raise InvalidRequest.of(f"experiment.arms[{at}].variant", f"the flag has no such variant; it has {known}")
    _serve(flag, experiment)


def check_serving(flag: flag_pb2.Flag) -> None:
    """Raise `StateConflict` when nobody would be exposed."""
    if flag.HasField("kill"):
        raise StateConflict(f"the flag {flag.key!r} is killed: restore it first")
    if not flag.on:
        raise StateConflict(f"the flag {flag.key!r} is off: switch it on first")


def _serve(flag: flag_pb2.Flag, experiment: pb2.Experiment) -> flag_pb2.Serve:
    if not experiment.rule_id:
        return flag.fallthrough
    for rule in flag.rules:
        if rule.id == experiment.rule_id:
            return rule.serve
    raise InvalidRequest.of("experiment.rule_id", "the flag has no such rule")
