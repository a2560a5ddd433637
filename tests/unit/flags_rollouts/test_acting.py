"""What people and breaches do to a plan."""

import datetime
from dataclasses import replace

import pytest

from services.flags.rollouts.acting import (
    BreachAction,
    approved,
    breached,
    paused,
    resumed,
    rolled_back,
    started,
    stepped,
)
from services.flags.rollouts.model import Hold, Plan, Progress, Stage, State
from services.runtime.errors import StateConflict

NOW = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
LATER = NOW + datetime.timedelta(hours=1)
PLAN = Plan([Stage(datetime.timedelta(hours=1)) for _ in range(4)], watched=True)
GUARDED = Plan([Stage(datetime.timedelta(), needs_approval=number == 2) for number in (1, 2, 3)], watched=True)


def at(stage: int, state: State = State.RUNNING, *, good: int = 0) -> Progress:
    """Return the progress of a plan at a stage."""
    return replace(Progress.draft(NOW), state=state, stage=stage, step=stage, last_good_stage=good)


def test_a_breach_goes_back_to_the_last_good_stage() -> None:
    """One that stood its soak, or nothing; and never the one that fails now."""
    back = breached(at(3, good=2), BreachAction.ROLL_BACK, LATER, "errors")
    assert back is not None
    assert (back.state, back.stage, back.step, back.reason) == (State.BREACHED, 2, 4, "errors")
    again = breached(replace(back, state=State.RUNNING), BreachAction.KILL, LATER, "errors")
    assert again is not None
    assert (again.state, again.stage) == (State.BREACHED, 0)
    first = breached(at(1), BreachAction.ROLL_BACK, LATER, "errors")
    assert first is not None
    assert first.stage == 0


def test_a_breach_counts_in_every_state_that_serves_and_once() -> None:
    """Also of a plan that is paused or held; a second report of it changes nothing."""
    for state in (State.RUNNING, State.WAITING_FOR_APPROVAL, State.HELD, State.PAUSED):
        hold = Hold.GUARDS_BLIND if state is State.HELD else None
        broken = breached(replace(at(2, state, good=1), hold=hold), BreachAction.ROLL_BACK, LATER, "x")
        assert broken is not None
        assert (broken.state, broken.hold, broken.stage) == (State.BREACHED, None, 1)
        assert breached(broken, BreachAction.KILL, LATER, "y") is None
    stopped = breached(at(2), BreachAction.PAUSE, LATER, "ratio")
    assert stopped is not None
    assert (stopped.state, stopped.stage, stopped.step) == (State.PAUSED, 2, 2)
    assert breached(stopped, BreachAction.PAUSE, LATER, "ratio") is None
    for over in (State.DRAFT, State.COMPLETED, State.ROLLED_BACK):
        with pytest.raises(StateConflict):
            breached(at(2, over), BreachAction.KILL, LATER, "x")


def test_resuming_begins_the_stage_anew() -> None:
    """A new step with a soak of its own; after a roll-back to nothing the first stage, with the approval it needs."""
    on = resumed(PLAN, at(2, State.PAUSED), LATER)
    assert (on.state, on.stage, on.step, on.soaking_since) == (State.RUNNING, 2, 3, LATER)
    gone = rolled_back(at(3, good=2), LATER, "no", to_nothing=True)
    assert (gone.state, gone.stage, gone.approved_stage) == (State.ROLLED_BACK, 0, 0)
    assert resumed(PLAN, gone, LATER).stage == 1
    asking = Plan([Stage(datetime.timedelta(), needs_approval=True)], watched=False)
    assert resumed(asking, gone, LATER).state is State.WAITING_FOR_APPROVAL
    for state in (State.RUNNING, State.COMPLETED, State.DRAFT):
        with pytest.raises(StateConflict):
            resumed(PLAN, at(1, state), LATER)


def test_a_step_goes_to_the_next_stage_alone() -> None:
    """It is no sign that the stage before was good; a person's is an approval, a machine's is not."""
    stepped_on = stepped(PLAN, at(1), 2, LATER, by_person=True)
    assert (stepped_on.stage, stepped_on.last_good_stage, stepped_on.state) == (2, 0, State.RUNNING)
    assert stepped(PLAN, at(1, State.PAUSED), 2, LATER, by_person=True).state is State.PAUSED
    assert stepped(PLAN, at(4), 5, LATER, by_person=True).state is State.COMPLETED
    for stage in (0, 1, 3, 9):
        with pytest.raises(StateConflict):
            stepped(PLAN, at(1), stage, LATER, by_person=True)
    with pytest.raises(StateConflict, match="approved"):
        stepped(GUARDED, at(1), 2, LATER, by_person=False)
    assert stepped(GUARDED, at(1), 2, LATER, by_person=True).approved_stage == 2
    for state in (State.BREACHED, State.HELD, State.COMPLETED, State.DRAFT):
        with pytest.raises(StateConflict):
            stepped(PLAN, at(1, state), 2, LATER, by_person=True)


def test_what_is_not_begun_cannot_be_paused_and_what_is_cannot_be_begun() -> None:
    """Drafts begin, once; stages that do not exist are not approved."""
    with pytest.raises(StateConflict):
        paused(at(0, State.DRAFT), LATER, "")
    with pytest.raises(StateConflict):
        started(PLAN, at(1), LATER)
    assert started(PLAN, Progress.draft(NOW), LATER).stage == 1
    with pytest.raises(StateConflict):
        approved(PLAN, at(1), 5)
    assert approved(PLAN, at(1), 3).approved_stage == 3
