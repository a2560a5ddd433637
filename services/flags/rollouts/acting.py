"""What people do to a plan, and breaches. Pure; each raises `StateConflict` when it cannot be done now."""

import datetime
import enum
from dataclasses import replace
from typing import Final

from services.flags.rollouts.deciding import begun
from services.flags.rollouts.model import SERVING, Hold, Plan, Progress, State
from services.runtime.errors import StateConflict


class BreachAction(enum.Enum):
    """What a breach does; `GuardAction` of `rollout_guard.proto`."""

    KILL = "kill"
    ROLL_BACK = "roll_back"
    PAUSE = "pause"


_RESUMABLE: Final = frozenset({State.PAUSED, State.HELD, State.BREACHED, State.ROLLED_BACK})
_APPROVABLE: Final = frozenset({State.DRAFT, *SERVING})


def started(plan: Plan, progress: Progress, now: datetime.datetime) -> Progress:
    """Return the progress of a draft that begins."""
    _require(progress, frozenset({State.DRAFT}), "started")
    return _first(plan, progress, now)


def paused(progress: Progress, now: datetime.datetime, reason: str) -> Progress:
    """Return the progress of a plan that somebody pauses."""
    _require(progress, SERVING - {State.PAUSED}, "paused")
    return _stopped(progress, State.PAUSED, now, reason)


def resumed(plan: Plan, progress: Progress, now: datetime.datetime) -> Progress:
    """Return the progress of a plan that goes on: its stage is begun anew, so nothing of before counts as soaked."""
    _require(progress, _RESUMABLE, "resumed")
    return begun(progress, progress.stage, now) if progress.stage else _first(plan, progress, now)


def stepped(plan: Plan, progress: Progress, stage: int, now: datetime.datetime, *, by_person: bool) -> Progress:
    """
    Return the progress with the next stage begun, or completed when it is one more than there are.

    A paused plan stays paused. A person's step is an approval as well.
    """
    blind = progress.state is State.HELD and progress.hold is Hold.GUARDS_BLIND
    if not blind:
        _require(progress, frozenset({State.RUNNING, State.WAITING_FOR_APPROVAL, State.PAUSED}), "stepped")
    if stage != progress.stage + 1:
        raise StateConflict(
            f"the rollout is at stage {progress.stage}: the next one is {progress.stage + 1}, not {stage}",
            metadata={"state": progress.state.value, "stage": str(progress.stage)},
        )
    if stage > plan.last:
        return _stopped(progress, State.COMPLETED, now, "")
    if by_person:
        progress = replace(progress, approved_stage=max(progress.approved_stage, stage))
    elif plan.stage(stage).needs_approval and progress.approved_stage < stage:
        raise StateConflict(f"stage {stage} has not been approved", metadata={"state": progress.state.value})
    moved = begun(progress, stage, now)
    return replace(moved, state=State.PAUSED, reason=progress.reason) if progress.state is State.PAUSED else moved


def rolled_back(progress: Progress, now: datetime.datetime, reason: str, *, to_nothing: bool) -> Progress:
    """Return the progress of a plan that somebody takes back."""
    _require(progress, SERVING | {State.BREACHED, State.ROLLED_BACK}, "rolled back")
    return _taken_back(progress, State.ROLLED_BACK, now, reason, to_nothing=to_nothing)


def approved(plan: Plan, progress: Progress, stage: int) -> Progress:
    """Return the progress with a stage, and all before it, agreed to."""
    _require(progress, _APPROVABLE, "approved")
    if not 1 <= stage <= plan.last:
        raise StateConflict(f"there are stages 1 to {plan.last}, not {stage}", metadata={"state": progress.state.value})
    return replace(progress, approved_stage=max(progress.approved_stage, stage))


def breached(progress: Progress, action: BreachAction, now: datetime.datetime, reason: str) -> Progress | None:
    """Return the progress after a breach; None when it changes nothing any more."""
    if progress.state is State.BREACHED or (progress.state is State.PAUSED and action is BreachAction.PAUSE):
        return None
    _require(progress, SERVING, "breached")
    if progress.stage == 0:
        raise StateConflict("the rollout serves no stage", metadata={"state": progress.state.value})
    if action is BreachAction.PAUSE:
        return _stopped(progress, State.PAUSED, now, reason)
    return _taken_back(progress, State.BREACHED, now, reason, to_nothing=False)


def to_nothing(taken_back: Progress) -> Progress:
    """Return the progress of a plan that is taken back without any stage."""
    return replace(taken_back, stage=0, last_good_stage=0, approved_stage=0)


def _first(plan: Plan, progress: Progress, now: datetime.datetime) -> Progress:
    if plan.stage(1).needs_approval and progress.approved_stage < 1:
        return _stopped(progress, State.WAITING_FOR_APPROVAL, now, "")
    return begun(progress, 1, now)


def _taken_back(progress: Progress, state: State, now: datetime.datetime, reason: str, *, to_nothing: bool) -> Progress:
    # A stage that was good once, and is the one that fails now, is no place to go back to.
    good = progress.last_good_stage if progress.last_good_stage < progress.stage else 0
    stage = 0 if to_nothing else good
    return replace(
        begun(progress, stage, now),
        state=state,
        reason=reason,
        last_good_stage=min(progress.last_good_stage, stage),
        approved_stage=min(progress.approved_stage, stage),
    )


def _stopped(progress: Progress, state: State, now: datetime.datetime, reason: str) -> Progress:
    return replace(progress, state=state, state_since=now, hold=None, reason=reason, looked_at=now)


def _require(progress: Progress, states: frozenset[State], what: str) -> None:
    if progress.state not in states:
        name = progress.state.value.replace("_", " ")
        raise StateConflict(f"a rollout that is {name} cannot be {what}", metadata={"state": progress.state.value})
