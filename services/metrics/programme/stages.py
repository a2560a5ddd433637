"""Where a flag is in its life. Pure."""

import datetime
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import flag_pb2, rollout_pb2
from mirante.api.metrics.v1 import experiment_pb2
from mirante.api.metrics.v1 import programme_service_pb2 as pb2

PERMANENT: Final = "permanente"
"""The tag of flags that are meant to stay."""

UNDECIDED: Final = (
    experiment_pb2.EXPERIMENT_STATE_RUNNING,
    experiment_pb2.EXPERIMENT_STATE_PAUSED,
    experiment_pb2.EXPERIMENT_STATE_STOPPED,
)
"""Experiments that were started, and are not decided."""

UNDER_WAY: Final = (
    rollout_pb2.ROLLOUT_STATE_RUNNING,
    rollout_pb2.ROLLOUT_STATE_WAITING_FOR_APPROVAL,
    rollout_pb2.ROLLOUT_STATE_HELD,
    rollout_pb2.ROLLOUT_STATE_PAUSED,
    rollout_pb2.ROLLOUT_STATE_BREACHED,
)
"""Rollouts that somebody has to see through."""

_WHOLE: Final = 100_000
_UTC: Final = datetime.UTC


@dataclass(frozen=True, slots=True)
class Work:
    """What goes on with a flag: keys of undecided experiments, and the id of a rollout under way, empty without one."""

    experiments: tuple[str, ...] = ()
    rollout_id: str = ""


def works(
    experiments: Collection[experiment_pb2.ExperimentRecord], rollouts: Collection[rollout_pb2.RolloutRecord]
) -> Mapping[str, Work]:
    """Return what goes on, by flag."""
    keys: dict[str, list[str]] = {}
    for record in experiments:
        if record.state in UNDECIDED:
            keys.setdefault(record.experiment.flag_key, []).append(record.experiment.key)
    ids = {each.plan.flag_key: each.id for each in rollouts if each.state in UNDER_WAY}
    return {flag: Work(tuple(sorted(keys.get(flag, ()))), ids.get(flag, "")) for flag in keys.keys() | ids.keys()}


def served_to_all(flag: flag_pb2.Flag, now: datetime.datetime) -> str:
    """Return the variant that everybody gets now; empty when it differs, or depends on other flags."""
    if flag.HasField("kill") or not flag.on:
        return flag.off_variant
    if flag.HasField("starts_at") and now < flag.starts_at.ToDatetime(_UTC):
        return flag.off_variant
    if flag.HasField("ends_at") and now >= flag.ends_at.ToDatetime(_UTC):
        return flag.off_variant
    served = set(_served(flag))
    return served.pop() if len(served) == 1 else ""


def lifecycle_of(
    record: flags_pb2.FlagRecord, work: Work, now: datetime.datetime, stale_after: datetime.timedelta
) -> pb2.FlagLifecycle:
    """Return where a flag is in its life, without who evaluates it."""
    flag = record.flag
    served = served_to_all(flag, now)
    life = pb2.FlagLifecycle(
        flag_key=flag.key,
        stage=_stage(record, served, work, now, stale_after),
        served_to_all=served,
        owner=flag.owner,
        experiments=work.experiments,
        rollout_id=work.rollout_id,
    )
    life.updated_at.CopyFrom(record.updated_at)
    return life


def count_stages(lives: Collection[pb2.FlagLifecycle]) -> pb2.StageCounts:
    """Return how many flags are at each stage."""
    counts = pb2.StageCounts()
    for life in lives:
        name = pb2.FlagStage.Name(life.stage).removeprefix("FLAG_STAGE_").lower()
        setattr(counts, name, getattr(counts, name) + 1)
    return counts


def _stage(
    record: flags_pb2.FlagRecord, served: str, work: Work, now: datetime.datetime, stale_after: datetime.timedelta
) -> pb2.FlagStage.ValueType:
    flag = record.flag
    if flag.HasField("kill"):
        return pb2.FLAG_STAGE_KILLED
    if served == flag.off_variant:
        return pb2.FLAG_STAGE_OFF
    if work.experiments:
        return pb2.FLAG_STAGE_IN_EXPERIMENT
    if work.rollout_id or not served:
        return pb2.FLAG_STAGE_ROLLING_OUT
    # What ends by itself will change.
    if PERMANENT in flag.tags or flag.HasField("ends_at"):
        return pb2.FLAG_STAGE_FULLY_ON
    untouched = now - record.updated_at.ToDatetime(_UTC)
    return pb2.FLAG_STAGE_STALE if untouched >= stale_after else pb2.FLAG_STAGE_FULLY_ON


def _served(flag: flag_pb2.Flag) -> Iterator[str]:
    """Yield the variants that a flag that is on may serve."""
    if flag.prerequisites:
        yield flag.off_variant
    yield from (target.variant for target in flag.targets)
    for rule in flag.rules:
        # Who a rule does not cover goes on to the next one.
        yield from _variants(rule.serve)
    yield from _variants(flag.fallthrough)
    if _leaves_out(flag.fallthrough):
        yield flag.off_variant


def _variants(serve: flag_pb2.Serve) -> Iterator[str]:
    if serve.WhichOneof("kind") == "variant":
        yield serve.variant
    else:
        yield from (split.variant for split in serve.rollout.splits if split.weight)


def _leaves_out(serve: flag_pb2.Serve) -> bool:
    if serve.WhichOneof("kind") != "rollout":
        return False
    rollout = serve.rollout
    if rollout.HasField("coverage") and rollout.coverage < _WHOLE:
        return True
    return rollout.HasField("range") and rollout.range.end - rollout.range.start < _WHOLE
