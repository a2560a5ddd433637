"""The judgement of complete hours."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from services.metrics.alerts.detection.calendars import slot_of
from services.metrics.alerts.detection.deciding import decide, not_judged
from services.metrics.alerts.detection.expecting import expect
from services.metrics.alerts.detection.learning import first_day, later, longer
from services.metrics.alerts.detection.settings import Kind, Settings
from services.metrics.alerts.detection.state import NO_GAP, State
from services.metrics.alerts.detection.verdicts import Observation, Rule, Verdict

LEARNING_HOURS: Final = 24
HOUR: Final = timedelta(hours=1)
LARGEST: Final = 1e15


def judge(state: State, hour: datetime, observation: Observation, settings: Settings) -> tuple[State, Verdict]:
    """
    Return the state after a complete hour, and what is said about it.

    Hours that were left out end a gap: nothing is known of them. A ratio of nobody is no observation.

    Raises:
        ValueError: the hour has no zone, is not the start of an hour, or is not later than the last one; the
        observation
            is no number, or a sum without its squares and minutes.
    """
    hour = checked_hour(hour, state.last)
    check_value(observation, settings.kind)
    if state.last is not None and hour - state.last != HOUR:
        state = replace(state, gap=NO_GAP, streak=0.0)
    if settings.kind is Kind.RATIO and not observation.of:
        return replace(state, last=hour), not_judged(hour, observation, settings, Rule.NONE)
    slot = slot_of(hour, settings)
    if state.hours < LEARNING_HOURS:
        state = replace(first_day(state, slot, observation, settings), last=hour)
        return state, not_judged(hour, observation, settings, Rule.LEARNING)
    expected = expect(state, slot, observation, settings)
    gap = longer(state.gap, observation, expected)
    decision = decide(state, gap, hour, observation, expected, settings=settings)
    state = later(state, slot, observation, expected, settings, fired=decision.fired)
    return replace(state, last=hour, gap=gap, streak=decision.streak), decision.verdict


def checked_hour(hour: datetime, last: datetime | None) -> datetime:
    """
    Return the hour in UTC.

    Raises:
        ValueError: as `judge` says.
    """
    if hour.tzinfo is None:
        raise ValueError("hour: has no zone")
    hour = hour.astimezone(UTC)
    if hour.minute or hour.second or hour.microsecond:
        raise ValueError("hour: is not the start of an hour")
    if last is not None and hour <= last:
        raise ValueError("hour: is not later than the last one")
    return hour


def check_value(observation: Observation, kind: Kind) -> None:
    """
    Check that an observation can be judged. When more was taken back than made it counts as nothing.

    Raises:
        ValueError: as `judge` says.
    """
    value = float(observation.value)
    if not abs(value) <= LARGEST:
        raise ValueError("value: is no usable number")
    if kind is Kind.RATIO and not 0 <= value <= observation.of:
        raise ValueError("value: is not between 0 and what it is divided by")
    squares, minutes = observation.squares, observation.minutes
    if kind is Kind.SUM and value > 0.0 and (squares is None or not math.isfinite(squares) or minutes < 1):
        raise ValueError("squares, minutes: a sum needs them")
