"""The early judgement of the hour that is not over yet."""

from datetime import datetime

from services.metrics.alerts.detection.settings import Settings
from services.metrics.alerts.detection.state import State
from services.metrics.alerts.detection.verdicts import Observation, Verdict


def judge_running(
    state: State, hour: datetime, so_far: Observation, elapsed: float, settings: Settings
) -> Verdict | None:
    """
    Return an alarm about the hour that follows the judged ones, `elapsed` (0 to 1) of which is over; None when there
    is none.

    Only the upper bound and the gap rule can speak before the end. The state stays as it is: the hour is judged when
    it is over.
    """
    raise NotImplementedError
