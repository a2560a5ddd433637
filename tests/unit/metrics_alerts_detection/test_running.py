"""The early judgement of the running hour."""

import pytest

from services.metrics.alerts.detection import (
    Kind,
    Observation,
    Rule,
    Sensitivity,
    Settings,
    State,
    Verdict,
    judge,
    judge_running,
)  # fmt: skip
from tests.unit.metrics_alerts_detection.histories import FIRST, HOUR, judged, steady

SETTINGS = Settings(sensitivity=Sensitivity(point=1e-3, gap=1e-3))


def early(state: State, value: int, elapsed: float) -> Verdict | None:
    """Return what is said early about the hour that follows."""
    assert state.last is not None
    return judge_running(state, state.last + HOUR, Observation(value), elapsed, SETTINGS)


def test_too_much_is_told_before_the_end_and_only_what_stays_too_much() -> None:
    """An early alarm is one that the whole hour would bring too; too little is never told early."""
    state, _ = judged(steady(30, 168), SETTINGS)
    assert early(state, 40, 0.2) is None
    assert early(state, 2, 0.9) is None
    alarm = early(state, 120, 0.2)
    assert alarm is not None
    assert state.last is not None
    _, complete = judge(state, state.last + HOUR, Observation(120), SETTINGS)
    assert (alarm.rule, alarm.probability, alarm.expected) == (Rule.ABOVE, complete.probability, complete.expected)


def test_a_gap_is_told_once_enough_was_expected_up_to_now() -> None:
    """The part of the hour that is over counts, on top of the hours before."""
    state, _ = judged(steady(12, 336), SETTINGS)
    assert early(state, 0, 0.1) is None
    alarm = early(state, 0, 0.95)
    assert alarm is not None
    assert alarm.rule is Rule.GAP
    assert alarm.expected_gap == pytest.approx(0.95 * 12, rel=0.1)
    after, _ = judged([0], SETTINGS, state)
    sooner = early(after, 0, 0.1)
    assert sooner is not None
    assert sooner.rule is Rule.GAP
    assert early(after, 1, 0.1) is None


def test_nothing_is_said_where_too_little_is_known() -> None:
    """In the first day, after hours that were left out, and about ratios; a share of an hour is from 0 to 1."""
    young, _ = judged(steady(30, 23), SETTINGS)
    assert early(young, 500, 0.5) is None
    state, _ = judged(steady(30, 168), SETTINGS)
    assert state.last is not None
    assert judge_running(state, state.last + 2 * HOUR, Observation(500), 0.5, SETTINGS) is None
    ratio = Settings(kind=Kind.RATIO)
    assert judge_running(State(), FIRST, Observation(5, of=9), 0.5, ratio) is None
    with pytest.raises(ValueError, match="elapsed"):
        early(state, 500, 1.5)
