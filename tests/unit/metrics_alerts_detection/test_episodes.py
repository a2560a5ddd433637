"""Episodes, thresholds, and the replay of a history."""

from datetime import timedelta
from decimal import Decimal

import pytest

from services.metrics.alerts.detection import (
    Change,
    Episode,
    Observation,
    Rule,
    Sensitivity,
    Settings,
    Threshold,
    ThresholdState,
    advance,
    judge_threshold,
    replay,
)  # fmt: skip
from tests.unit.metrics_alerts_detection.histories import FIRST, HOUR, judged, steady

SETTINGS = Settings(sensitivity=Sensitivity(point=1e-3, gap=1e-4))


def changes(*values: int) -> tuple[list[Change], Episode | None]:
    """Return what these hours do after a week of about 30."""
    state, _ = judged(steady(30, 168), SETTINGS)
    episode: Episode | None = None
    found = []
    for verdict in judged(values, SETTINGS, state)[1]:
        episode, change = advance(episode, verdict)
        found.append(change)
    return found, episode


def test_hours_that_belong_together_are_one_episode() -> None:
    """It opens once, remembers its worst hour, and is closed by the second normal hour in a row."""
    found, episode = changes(30, 120, 300, 30, 120, 30, 30, 30)
    assert found == [
        Change.NONE, Change.OPENED, Change.WENT_ON, Change.NONE, Change.WENT_ON, Change.NONE, Change.CLOSED,
        Change.NONE,
    ]  # fmt: skip
    assert episode is None
    _, closed = changes(120, 300, 30, 30)
    assert closed is not None
    assert (closed.first.value, closed.worst.value, closed.alarms) == (120, 300, 2)
    assert closed.opened == FIRST + 168 * HOUR
    assert closed.last_alarm == closed.opened + HOUR
    assert closed.closed == closed.opened + 3 * HOUR


def test_an_episode_closes_at_a_looser_level_than_it_opens() -> None:
    """An hour just inside the bounds opens nothing, and does not count as normal either."""
    state, _ = judged(steady(30, 168), SETTINGS)
    bounds = judged([30], SETTINGS, state)[1][0].bounds
    assert bounds is not None
    brim = int(bounds[1])
    assert changes(brim)[0] == [Change.NONE]
    found, episode = changes(200, brim, 30, brim, 30)
    assert found == [Change.OPENED] + [Change.NONE] * 4
    assert episode is not None
    assert episode.normal_hours == 1


def test_replay_tells_the_episodes_of_a_history() -> None:
    """In order, the last one open; hours out of order are refused."""
    values = [*steady(30, 168), 150, 160, *steady(30, 20), 200]
    history = [(FIRST + i * HOUR, Observation(value)) for i, value in enumerate(values)]
    first, last = replay(history, SETTINGS)
    assert (first.opened, first.alarms, first.closed) == (FIRST + 168 * HOUR, 2, FIRST + 171 * HOUR)
    assert (last.opened, last.closed) == (FIRST + 190 * HOUR, None)
    assert replay(history[:168], SETTINGS) == []
    with pytest.raises(ValueError, match="hour"):
        replay([history[1], history[0]], SETTINGS)


def held(threshold: Threshold, *values: str | None) -> list[bool]:
    """Return after each of these values, five minutes apart, whether the threshold alarms."""
    state, found = ThresholdState(), []
    for i, value in enumerate(values):
        at = FIRST + i * timedelta(minutes=5)
        state = judge_threshold(state, at, None if value is None else Decimal(value), threshold)
        found.append(state.alarming)
    return found


def test_a_threshold_has_to_be_passed_for_long_enough() -> None:
    """The number itself is not beyond; no value is not either; a threshold without duration speaks at once."""
    above = Threshold(Rule.THRESHOLD_ABOVE, Decimal(100), timedelta(minutes=10))
    assert held(above, "101", "100.01", "101") == [False, False, True]
    assert held(above, "101", "101", "100", "101", "101") == [False] * 5
    assert held(above, "101", "101", None, "101") == [False] * 4
    below = Threshold(Rule.THRESHOLD_BELOW, Decimal("0.5"))
    assert held(below, "0.5", "0.49", "0.5") == [False, True, False]


def test_a_threshold_ends_where_it_was_set_to_end() -> None:
    """Between the number and the way back an alarm goes on, but none begins."""
    threshold = Threshold(Rule.THRESHOLD_ABOVE, Decimal(100), back=Decimal(80))
    assert held(threshold, "90", "101", "90", "80", "90") == [False, True, True, False, False]


def test_a_threshold_that_makes_no_sense_is_refused() -> None:
    """Another rule, a negative duration, and an alarm that would end beyond its number."""
    with pytest.raises(ValueError, match="rule"):
        Threshold(Rule.GAP, Decimal(1))
    with pytest.raises(ValueError, match="held"):
        Threshold(Rule.THRESHOLD_ABOVE, Decimal(1), timedelta(minutes=-1))
    with pytest.raises(ValueError, match="back"):
        Threshold(Rule.THRESHOLD_ABOVE, Decimal(1), back=Decimal(2))
