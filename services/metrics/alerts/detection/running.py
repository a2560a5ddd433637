"""
The early judgement of the hour that is not over yet.

A count so far is held against what the whole hour may bring: what is too much already stays too much, so that looking
every minute brings no false alarm that the end of the hour would not bring too. A gap is held against what was
expected up to now.
"""

from datetime import datetime

from services.metrics.alerts.detection.calendars import slot_of
from services.metrics.alerts.detection.deciding import decide
from services.metrics.alerts.detection.expecting import expect
from services.metrics.alerts.detection.judging import HOUR, LEARNING_HOURS, check_value, checked_hour
from services.metrics.alerts.detection.learning import longer
from services.metrics.alerts.detection.settings import Kind, Settings
from services.metrics.alerts.detection.state import State
from services.metrics.alerts.detection.verdicts import Observation, Verdict


def judge_running(
    state: State, hour: datetime, so_far: Observation, elapsed: float, settings: Settings
) -> Verdict | None:
    """
    Return an alarm about the hour that follows the judged ones, `elapsed` (0 to 1) of which is over; None when there
    is none.

    Only the upper bound and the gap rule can speak before the end, and not about ratios. The state stays as it is: the
    hour is judged when it is over.

    Raises:
        ValueError: as `judge` does, and when `elapsed` is not from 0 to 1.
    """
    hour = checked_hour(hour, state.last)
    check_value(so_far, settings.kind)
    if not 0.0 <= elapsed <= 1.0:
        raise ValueError("elapsed: is not from 0 to 1")
    follows = state.last is not None and hour - state.last == HOUR
    if settings.kind is Kind.RATIO or state.hours < LEARNING_HOURS or not follows:
        return None
    expected = expect(state, slot_of(hour, settings), so_far, settings)
    gap = longer(state.gap, so_far, expected, elapsed)
    decision = decide(state, gap, hour, so_far, expected, settings=settings, complete=False)
    return decision.verdict if decision.verdict.alarming else None
