"""The judgement of complete hours."""

from datetime import datetime

from services.metrics.alerts.detection.settings import Settings
from services.metrics.alerts.detection.state import State
from services.metrics.alerts.detection.verdicts import Observation, Verdict


def judge(state: State, hour: datetime, observation: Observation, settings: Settings) -> tuple[State, Verdict]:
    """
    Return the state after a complete hour, and what is said about it.

    Raises:
        ValueError: the hour has no zone, is not the start of an hour, or is not later than the last one.
    """
    raise NotImplementedError
