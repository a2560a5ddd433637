"""What is watched of a rollout: its guards, and whom can be compared with whom. Pure."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mirante.api.flags.v1 import rollout_guard_pb2, rollout_pb2

from services.metrics.experiments.statistics.guardrails import Better, level

_EVERYBODY: Final = 100_000
_ALPHA: Final = 0.05
_WINDOW_SECONDS: Final = 30.0
_MINIMUM: Final = 5
_TIGHTEST_AT: Final = 5_000
_USERS: Final = frozenset({"", "targeting_key"})

WATCHED: Final = (
    rollout_pb2.ROLLOUT_STATE_RUNNING,
    rollout_pb2.ROLLOUT_STATE_WAITING_FOR_APPROVAL,
    rollout_pb2.ROLLOUT_STATE_HELD,
    rollout_pb2.ROLLOUT_STATE_PAUSED,
)
"""In these states a stage may be served, and may do harm."""

_NOT_AS_WRITTEN: Final = frozenset(
    {
        rollout_pb2.HOLD_REASON_FLAG_CHANGED,
        rollout_pb2.HOLD_REASON_FLAG_KILLED,
        rollout_pb2.HOLD_REASON_FLAG_ARCHIVED,
    }
)
"""Whoever has the variant then has it as somebody else says: there are no shares to keep."""


@dataclass(frozen=True, slots=True)
class Tripwire:
    """An absolute limit. `window` is in seconds; `quantile` and `property` are there for quantiles."""

    name: str
    measure: rollout_guard_pb2.TripwireMeasure.ValueType
    events: frozenset[str]
    limit: float
    window: float = _WINDOW_SECONDS
    minimum: int = _MINIMUM
    quantile: float = 0.0
    property: str = ""


@dataclass(frozen=True, slots=True)
class Guardrail:
    """A bound on harm, at its own level `alpha`; tightest at so many units of both arms."""

    name: str
    events: frozenset[str]
    better: Better
    alpha: float
    tightest: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whom the stage compares: those whom this rule of the flag has decided about get the variant with this share."""

    rule_id: str
    share: float


@dataclass(frozen=True, slots=True)
class Watching:
    """
    One step of a rollout.

    `flag_version` is the first version of the flag in which the stage is; `since` when it was begun, seconds since
    1970. Without a `comparison` guardrails and sample ratios cannot be judged.
    """

    rollout_id: str
    flag_key: str
    variant: str
    step: int
    stage: int
    flag_version: int
    since: float
    tripwires: Sequence[Tripwire]
    guardrails: Sequence[Guardrail]
    ratios: Sequence[str]
    comparison: Comparison | None


def watching_of(record: rollout_pb2.RolloutRecord) -> Watching | None:
    """Return what is to be watched of a rollout; None when it serves no stage, or needs no metrics."""
    plan = record.plan
    needed = plan.guards or any(stage.minimum_sample for stage in plan.stages)
    if record.state not in WATCHED or not record.stage or not needed:
        return None
    rails = [each for each in plan.guards if each.HasField("guardrail")]
    alpha = plan.guardrail_alpha or _ALPHA
    # A stage that begins counts anew, so each one is a test of its own.
    each_alpha = level(alpha, len(rails), 1) / len(plan.stages) if rails else alpha
    return Watching(
        rollout_id=record.id,
        flag_key=plan.flag_key,
        variant=plan.variant,
        step=record.step,
        stage=record.stage,
        flag_version=record.flag_version,
        since=record.stage_since.ToDatetime(datetime.UTC).timestamp(),
        tripwires=[_tripwire(each) for each in plan.guards if each.HasField("tripwire")],
        guardrails=[_guardrail(each, each_alpha) for each in rails],
        ratios=[each.name for each in plan.guards if each.HasField("sample_ratio")],
        comparison=None if record.hold_reason in _NOT_AS_WRITTEN else _comparison(plan, record.stage),
    )


def _tripwire(guard: rollout_guard_pb2.Guard) -> Tripwire:
    wire = guard.tripwire
    return Tripwire(
        name=guard.name,
        measure=wire.measure,
        events=frozenset(wire.events),
        limit=wire.limit,
        window=wire.window.ToTimedelta().total_seconds() if wire.HasField("window") else _WINDOW_SECONDS,
        minimum=wire.minimum or _MINIMUM,
        quantile=wire.quantile,
        property=wire.property,
    )


def _guardrail(guard: rollout_guard_pb2.Guard, alpha: float) -> Guardrail:
    rail = guard.guardrail
    better = Better.HIGHER if rail.harm == rollout_guard_pb2.HARM_DIRECTION_LESS else Better.LOWER
    return Guardrail(guard.name, frozenset(rail.events), better, alpha, float(rail.tightest_at or _TIGHTEST_AT))


def _comparison(plan: rollout_pb2.RolloutPlan, stage: int) -> Comparison | None:
    """
    Return the newest stage of everybody that leaves somebody out.

    Who is in a ring is served by its own rule and compared with nobody. A ring that is served in part leaves its others
    to the fallthrough, where they are not there by chance; and tenants are no users.
    """
    if plan.bucket_by not in _USERS:
        return None
    reached = list(enumerate(plan.stages[:stage], 1))
    if any(each.HasField("audience") and each.coverage < _EVERYBODY for _, each in reached):
        return None
    everybody = [(number, each.coverage) for number, each in reached if not each.HasField("audience")]
    if not everybody or everybody[-1][1] >= _EVERYBODY:
        return None
    number, coverage = everybody[-1]
    return Comparison(f"rollout.{number}", coverage / _EVERYBODY)
