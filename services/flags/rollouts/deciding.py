"""
What happens to a plan by itself. Pure: the clock is an argument.

One stage at a time: a decision begins at most the stage after the present one, and its soak begins when it is made.
When nobody looked for a while, or the clock jumped, how long the stage was served is not known: its soak counts anew.
"""

import datetime
import enum
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from services.flags.rollouts.model import Facts, FlagFact, Hold, Plan, Progress, State

LATE: Final = datetime.timedelta(minutes=2)
"""Looks further apart than this, forwards or backwards, say nothing about the time between them."""
LOOK: Final = datetime.timedelta(seconds=30)
"""How often it is written down that somebody looked."""
BLIND: Final = datetime.timedelta(seconds=30)
"""A report of the guards says nothing about the time after this."""


class Note(enum.Enum):
    """Decisions that name nothing."""

    NOTHING = "nothing"
    LOOKED = "looked"
    """Only write down that somebody looked."""
    SOAK_ANEW = "soak anew"
    GO_ON = "go on"
    """The guards see again. What passed meanwhile does not count as soaked."""
    ASK_APPROVAL = "ask approval"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class Advance:
    """Begin a stage."""

    stage: int


@dataclass(frozen=True, slots=True)
class Halt:
    """Something is in the way."""

    hold: Hold
    reason: str


Decision: TypeAlias = Note | Advance | Halt

_OBSTACLES: Final = {
    FlagFact.CHANGED: Halt(Hold.FLAG_CHANGED, "the flag was changed by somebody else"),
    FlagFact.KILLED: Halt(Hold.FLAG_KILLED, "the flag was killed"),
    FlagFact.ARCHIVED: Halt(Hold.FLAG_ARCHIVED, "the flag was archived"),
}


def next_step(plan: Plan, progress: Progress, now: datetime.datetime, facts: Facts) -> Decision:
    """Return what is to be done with a plan now."""
    if progress.state is State.HELD:
        return _held(progress, now, facts)
    if progress.state not in (State.RUNNING, State.WAITING_FOR_APPROVAL):
        return Note.NOTHING
    if facts.flag in _OBSTACLES:
        return _OBSTACLES[facts.flag]
    if progress.stage == 0:
        return Advance(1) if _approved(plan, progress, 1) else _seen(progress, now)
    if progress.state is State.RUNNING:
        if abs(now - progress.looked_at) > LATE:
            return Note.SOAK_ANEW
        blind = _blind(plan, progress, now, facts)
        if blind is not None:
            return blind
    stage = plan.stage(progress.stage)
    # What waits for an approval has soaked: a clock that was set back since does not undo that.
    soaked = progress.state is State.WAITING_FOR_APPROVAL or now - progress.soaking_since >= stage.soak
    if not soaked or _sample(progress, facts) < stage.minimum_sample:
        return _seen(progress, now)
    if plan.watched and not _fresh(progress, now, facts):
        return _seen(progress, now)
    if progress.stage == plan.last:
        return Note.COMPLETE
    if not _approved(plan, progress, progress.stage + 1):
        return Note.ASK_APPROVAL if progress.state is State.RUNNING else _seen(progress, now)
    return Advance(progress.stage + 1)


def after(progress: Progress, decision: Decision, now: datetime.datetime) -> Progress:
    """Return the progress once a decision is carried out."""
    seen = replace(progress, looked_at=now)
    match decision:
        case Advance(stage):
            return begun(replace(seen, last_good_stage=progress.stage or progress.last_good_stage), stage, now)
        case Halt(hold, reason):
            return replace(seen, state=State.HELD, state_since=now, hold=hold, reason=reason)
        case Note.SOAK_ANEW:
            return replace(seen, soaking_since=now)
        case Note.GO_ON:
            # What was soaked until the last report counts, whatever the clock did since.
            soaked = progress.state_since - BLIND - progress.soaking_since
            since = now - max(soaked, datetime.timedelta())
            return _entered(replace(seen, soaking_since=since), State.RUNNING, now)
        case Note.ASK_APPROVAL:
            return _entered(seen, State.WAITING_FOR_APPROVAL, now)
        case Note.COMPLETE:
            return replace(_entered(seen, State.COMPLETED, now), last_good_stage=progress.stage)
        case _:
            return seen


def begun(progress: Progress, stage: int, now: datetime.datetime) -> Progress:
    """Return the progress with a stage just begun."""
    return replace(
        _entered(progress, State.RUNNING, now),
        stage=stage,
        step=progress.step + 1,
        stage_since=now,
        soaking_since=now,
        looked_at=now,
    )


def _entered(progress: Progress, state: State, now: datetime.datetime) -> Progress:
    return replace(progress, state=state, state_since=now, hold=None, reason="")


def _held(progress: Progress, now: datetime.datetime, facts: Facts) -> Decision:
    if progress.hold is not Hold.GUARDS_BLIND:
        return Note.NOTHING  # whatever is in the way, a person has to look at it
    if facts.flag in _OBSTACLES:
        return _OBSTACLES[facts.flag]
    return Note.GO_ON if _fresh(progress, now, facts) else Note.NOTHING


def _blind(plan: Plan, progress: Progress, now: datetime.datetime, facts: Facts) -> Halt | None:
    if not plan.watched or _fresh(progress, now, facts):
        return None
    report = facts.report
    if report is not None and report.step == progress.step and report.blind:
        return Halt(Hold.GUARDS_BLIND, report.blind_reason or "metrics does not see the present")
    # A stage that has just begun, or a plan that has just gone on, cannot have a report yet.
    if abs(now - progress.stage_since) <= BLIND or abs(now - progress.state_since) <= BLIND:
        return None
    return Halt(Hold.GUARDS_BLIND, f"metrics has not reported for {BLIND.seconds} seconds")


def _fresh(progress: Progress, now: datetime.datetime, facts: Facts) -> bool:
    report = facts.report
    if report is None or report.blind or report.step != progress.step:
        return False
    return abs(now - report.reported_at) <= BLIND


def _sample(progress: Progress, facts: Facts) -> int:
    return facts.report.sample if facts.report is not None and facts.report.step == progress.step else 0


def _approved(plan: Plan, progress: Progress, stage: int) -> bool:
    return not plan.stage(stage).needs_approval or progress.approved_stage >= stage


def _seen(progress: Progress, now: datetime.datetime) -> Note:
    return Note.LOOKED if abs(now - progress.looked_at) >= LOOK else Note.NOTHING
