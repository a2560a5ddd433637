"""What a plan does by itself, whatever clocks, reports and looks do."""

import datetime
import math
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from services.flags.rollouts.acting import approved, started
from services.flags.rollouts.deciding import BLIND, LATE, LOOK, Advance, Decision, Halt, Note, after, next_step
from services.flags.rollouts.model import Facts, FlagFact, Hold, Plan, Progress, Report, Stage, State

NOW = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
SECOND = datetime.timedelta(seconds=1)


@dataclass
class Run:
    """A plan that is looked at by a clock that a test moves."""

    plan: Plan
    now: datetime.datetime = NOW
    flag: FlagFact = FlagFact.AS_WRITTEN
    report: Report | None = None
    stages: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.progress = started(self.plan, Progress.draft(self.now), self.now)
        self.stages += [self.progress.stage] if self.progress.stage else []

    def reports(self, sample: int = 0, *, blind: bool = False) -> None:
        """Let metrics report about the present step."""
        self.report = Report(self.now, self.progress.step, sample, blind, "behind" if blind else "")

    def look(self) -> Decision:
        """Look once, and carry out what is decided."""
        decision = next_step(self.plan, self.progress, self.now, Facts(self.flag, self.report))
        if decision is not Note.NOTHING:  # of which nothing is written
            self.progress = after(self.progress, decision, self.now)
        if isinstance(decision, Advance):
            self.stages.append(decision.stage)
        return decision

    def passes(self, seconds: int, *, reported: bool = True) -> list[Decision]:
        """Let time pass while somebody looks every ten seconds; return what was decided, without the idle looks."""
        found = []
        for _ in range(seconds // 10):
            self.now += 10 * SECOND
            if reported:
                self.reports(1_000)
            found.append(self.look())
        return [each for each in found if each not in (Note.NOTHING, Note.LOOKED)]


def plan(*soaks: int, watched: bool = True, sample: int = 0, approval: int = 0) -> Plan:
    """Return a plan whose stages soak for so many seconds; `approval` is the stage that needs one."""
    stages = [Stage(soak * SECOND, sample, number == approval) for number, soak in enumerate(soaks, 1)]
    return Plan(stages, watched=watched)


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.integers(0, 600), min_size=1, max_size=5),
    st.lists(
        st.tuples(
            st.sampled_from(["look", "report", "look both", "person approves"]),
            st.one_of(st.integers(0, 100), st.integers(-100_000, 100_000)),
        ),
        max_size=120,
    ),
    st.booleans(),
    st.integers(0, 5),
)
def test_no_stage_is_skipped_or_repeated_whatever_the_clock_does(
    soaks: list[int], moments: list[tuple[str, int]], watched: bool, approval: int
) -> None:
    """Stages come one by one; each was served for its soak by looks that lie close together, and was reported."""
    run = Run(plan(*soaks, watched=watched, approval=approval))
    observed, previous = 0.0, run.now
    for what, seconds in moments:
        run.now += seconds * SECOND
        if what in ("report", "look both"):
            run.reports(10)
        if what == "person approves" and approval and run.progress.state is not State.COMPLETED:
            run.progress = approved(run.plan, run.progress, min(approval, len(soaks)))
        if not what.startswith("look"):
            continue
        delta = (run.now - previous).total_seconds()
        observed += delta if abs(delta) <= (LATE + LOOK).total_seconds() else 0.0
        previous, stage = run.now, run.progress.stage
        decision = run.look()
        if isinstance(decision, Advance) or decision in (Note.COMPLETE, Note.ASK_APPROVAL):
            if stage:
                assert observed >= soaks[stage - 1]
                assert not watched or run.report is not None
            # What was soaked when the approval was asked for stays so, whatever the clock does until it comes.
            observed = math.inf if decision is Note.ASK_APPROVAL else 0.0
        if decision is Note.SOAK_ANEW:
            observed = 0.0
    assert run.stages == list(range(1, len(run.stages) + 1))
    assert run.progress.stage == len(run.stages)
    assert (
        approval == 0
        or run.progress.stage < approval
        or run.progress.approved_stage >= approval
        or approval > len(soaks)
    )
    if run.progress.state is State.COMPLETED:
        assert run.stages == list(range(1, len(soaks) + 1))


def test_a_watched_plan_runs_to_its_end() -> None:
    """Stage after stage, as soon as each has soaked."""
    run = Run(plan(60, 60, 60))
    assert run.passes(170) == [Advance(2), Advance(3)]
    assert run.passes(20) == [Note.COMPLETE]
    assert (run.progress.state, run.progress.last_good_stage) == (State.COMPLETED, 3)


def test_a_late_look_advances_nothing_and_the_soak_counts_anew() -> None:
    """Neither when everybody was away for days, nor when a clock has jumped, forwards or backwards."""
    for jump in (datetime.timedelta(days=9), -datetime.timedelta(days=9)):
        run = Run(plan(60, 60, 60))
        run.passes(50)
        run.now += jump
        run.reports()
        assert run.look() is Note.SOAK_ANEW
        assert run.stages == [1]
        assert run.passes(50) == []
        assert run.passes(10) == [Advance(2)]


def test_without_reports_a_plan_holds_and_the_time_does_not_count() -> None:
    """It goes on by itself once metrics reports again, with what was soaked before."""
    run = Run(plan(100, 60))
    run.passes(60)
    (held,) = run.passes(3_000, reported=False)
    assert isinstance(held, Halt)
    assert held.hold is Hold.GUARDS_BLIND
    assert run.progress.state is State.HELD
    assert run.passes(10) == [Note.GO_ON]
    assert run.passes(20) == []
    assert run.passes(10) == [Advance(2)]


def test_what_is_blind_holds_at_once() -> None:
    """Metrics says itself that it does not see the present."""
    run = Run(plan(100, 60))
    run.now += SECOND
    run.reports(blind=True)
    assert run.look() == Halt(Hold.GUARDS_BLIND, "behind")


def test_a_report_of_another_step_says_nothing() -> None:
    """Neither that the guards are clear nor how many were reached."""
    run = Run(plan(0, 0, sample=5))
    run.report = Report(run.now, run.progress.step - 1, 100)
    assert run.look() is Note.NOTHING
    run.reports(4)
    assert run.look() is Note.NOTHING
    run.reports(5)
    assert run.look() == Advance(2)


def test_a_plan_without_guards_and_samples_needs_no_metrics() -> None:
    """It advances by time alone."""
    run = Run(plan(60, 60, watched=False))
    assert run.passes(60, reported=False) == [Advance(2)]


def test_a_stage_that_needs_approval_waits_for_it() -> None:
    """However long, also when it is the first one, and goes on without waiting when it was given before."""
    run = Run(plan(60, 60, approval=2))
    assert run.passes(100) == [Note.ASK_APPROVAL]
    assert run.passes(3_000) == []
    run.progress = approved(run.plan, run.progress, 2)
    assert run.passes(10) == [Advance(2)]
    first = Run(plan(60, approval=1))
    assert (first.progress.state, first.progress.stage) == (State.WAITING_FOR_APPROVAL, 0)
    assert first.passes(100, reported=False) == []
    first.progress = approved(first.plan, first.progress, 1)
    assert first.look() == Advance(1)


def test_a_clock_that_is_set_back_delays_no_stage_that_was_approved() -> None:
    """The soak was over when the approval was asked for; what metrics says has to be new all the same."""
    run = Run(plan(60, 60, approval=2))
    assert run.passes(100) == [Note.ASK_APPROVAL]
    run.now -= datetime.timedelta(days=1)
    run.progress = approved(run.plan, run.progress, 2)
    assert run.passes(10, reported=False) == []
    assert run.passes(10) == [Advance(2)]


def test_a_flag_that_is_another_holds_until_a_person_resumes() -> None:
    """Also when it is as before again."""
    for fact, hold in (
        (FlagFact.CHANGED, Hold.FLAG_CHANGED),
        (FlagFact.KILLED, Hold.FLAG_KILLED),
        (FlagFact.ARCHIVED, Hold.FLAG_ARCHIVED),
    ):
        run = Run(plan(10, 10))
        run.flag = fact
        (held, *rest) = run.passes(100)
        assert isinstance(held, Halt)
        assert (held.hold, rest) == (hold, [])
        run.flag = FlagFact.AS_WRITTEN
        assert run.passes(100) == []


def test_looks_are_written_down_now_and_then() -> None:
    """Often enough to tell a late one, and not at every look."""
    run = Run(plan(600))
    looks = 0
    for _ in range(12):
        run.now += 10 * SECOND
        run.reports()
        looks += run.look() is Note.LOOKED
    assert looks == 4
    assert LOOK * 2 < LATE
    assert BLIND < LATE
