"""Plans as messages."""

from mirante.api.flags.v1 import rollout_pb2

from services.flags.rollouts.model import Hold, State
from services.flags.rollouts.records import StoredReport, StoredRollout
from services.flags.timestamps import timestamp
from services.runtime.errors import InvalidRequest

_STATES = {each: rollout_pb2.RolloutState.Value(f"ROLLOUT_STATE_{each.name}") for each in State}
_BY_NUMBER = {number: each for each, number in _STATES.items()}
_HOLDS = {each: rollout_pb2.HoldReason.Value(f"HOLD_REASON_{each.name}") for each in Hold}


def state_of(number: rollout_pb2.RolloutState.ValueType) -> State:
    """Return a state to filter by; raise `InvalidRequest` for one that this version does not know."""
    try:
        return _BY_NUMBER[number]
    except KeyError:
        raise InvalidRequest.of("states", f"is unknown: {number}") from None


def rollout_message(stored: StoredRollout, report: StoredReport | None = None) -> rollout_pb2.RolloutRecord:
    """Return the message of a plan, with the newest report if it is of its present step."""
    progress = stored.progress
    message = rollout_pb2.RolloutRecord(
        id=stored.id,
        environment=stored.environment,
        plan=stored.plan,
        state=_STATES[progress.state],
        hold_reason=_HOLDS[progress.hold] if progress.hold else rollout_pb2.HOLD_REASON_UNSPECIFIED,
        reason=progress.reason,
        state_since=timestamp(progress.state_since),
        stage=progress.stage,
        last_good_stage=progress.last_good_stage,
        step=progress.step,
        flag_version=stored.flag_version,
        approved_stage=progress.approved_stage,
        guards=report.message if report is not None and report.step == progress.step else None,
        breach=stored.breach,
        etag=stored.etag,
        created_at=timestamp(stored.created_at),
        created_by=stored.created_by,
        updated_at=timestamp(stored.updated_at),
        updated_by=stored.updated_by,
    )
    if progress.stage:
        message.stage_since.FromDatetime(progress.stage_since)
        message.soaking_since.FromDatetime(progress.soaking_since)
    if progress.stage and progress.state is State.RUNNING:
        soak = stored.plan.stages[progress.stage - 1].soak.ToTimedelta()
        message.next_stage_not_before.FromDatetime(progress.soaking_since + soak)
    return message
