"""Rollouts to watch."""

import datetime

from mirante.api.flags.v1 import rollout_guard_pb2, rollout_pb2

from services.metrics.guards.plans import Watching, watching_of

SINCE = 1_772_323_200.0


def errors(limit: float = 0.05, **fields: object) -> rollout_guard_pb2.Guard:
    """Return a tripwire on the share of users with errors."""
    wire = rollout_guard_pb2.Tripwire(
        measure=rollout_guard_pb2.TRIPWIRE_MEASURE_ACTOR_SHARE, events=["erro_frontend"], limit=limit
    )
    wire.MergeFrom(rollout_guard_pb2.Tripwire(**fields))  # type: ignore[arg-type]  # the fields are the caller's
    return rollout_guard_pb2.Guard(name="errors", tripwire=wire)


def fewer_sales() -> rollout_guard_pb2.Guard:
    """Return a guardrail on sales."""
    rail = rollout_guard_pb2.Guardrail(events=["venda_criada"], harm=rollout_guard_pb2.HARM_DIRECTION_LESS)
    return rollout_guard_pb2.Guard(name="sales", guardrail=rail)


def more_timeouts() -> rollout_guard_pb2.Guard:
    """Return a guardrail on time-outs."""
    return rollout_guard_pb2.Guard(name="timeouts", guardrail=rollout_guard_pb2.Guardrail(events=["timeout_request"]))


def ratio() -> rollout_guard_pb2.Guard:
    """Return a guard of the sample ratio."""
    return rollout_guard_pb2.Guard(name="ratio", sample_ratio=rollout_guard_pb2.SampleRatioGuard())


def record(
    *guards: rollout_guard_pb2.Guard,
    stage: int = 1,
    step: int = 1,
    coverages: tuple[int, ...] = (10_000, 25_000, 50_000, 100_000),
) -> rollout_pb2.RolloutRecord:
    """Return a running rollout of "on" of the flag "f"."""
    message = rollout_pb2.RolloutRecord(
        id="0b0e7a3c-0000-4000-8000-000000000001",
        environment="production",
        state=rollout_pb2.ROLLOUT_STATE_RUNNING,
        stage=stage,
        step=step,
        flag_version=step + 1,
        plan=rollout_pb2.RolloutPlan(flag_key="f", variant="on", guards=guards),
    )
    message.stage_since.FromDatetime(datetime.datetime.fromtimestamp(SINCE, datetime.UTC))
    for coverage in coverages:
        message.plan.stages.add(coverage=coverage)
    return message


def watching(*guards: rollout_guard_pb2.Guard, stage: int = 1, step: int = 1) -> Watching:
    """Return what is watched of such a rollout."""
    found = watching_of(record(*guards, stage=stage, step=step))
    assert found is not None
    return found
