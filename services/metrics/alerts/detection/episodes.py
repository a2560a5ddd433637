"""Episodes: one alert for hours that belong together."""

import enum
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from services.metrics.alerts.detection.verdicts import Verdict

NORMAL_HOURS_TO_CLOSE: Final = 2


class Change(enum.Enum):
    """What an hour did to an episode."""

    NONE = "none"
    OPENED = "opened"
    WENT_ON = "went_on"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Episode:
    """
    An alert from its first hour on.

    `first` is the verdict that opened it, `worst` the least probable one so far, `last_alarm` the newest hour that
    alarmed. `closed` is the second normal hour in a row; None while the episode is open.
    """

    first: Verdict
    worst: Verdict
    last_alarm: datetime
    alarms: int = 1
    normal_hours: int = 0
    closed: datetime | None = None

    @property
    def opened(self) -> datetime:
        """The hour that opened it."""
        return self.first.hour


def advance(episode: Episode | None, verdict: Verdict) -> tuple[Episode | None, Change]:
    """Return the episode after an hour, and what happened to it. None, or a closed episode: there is none open."""
    if episode is None or episode.closed is not None:
        if verdict.alarming:
            return Episode(verdict, verdict, verdict.hour), Change.OPENED
        return None, Change.NONE
    if verdict.alarming:
        worst = min(episode.worst, verdict, key=lambda each: each.probability)
        alarms = episode.alarms + 1
        return replace(episode, worst=worst, last_alarm=verdict.hour, alarms=alarms, normal_hours=0), Change.WENT_ON
    if not verdict.normal:
        return replace(episode, normal_hours=0), Change.NONE
    normal = episode.normal_hours + 1
    if normal < NORMAL_HOURS_TO_CLOSE:
        return replace(episode, normal_hours=normal), Change.NONE
    return replace(episode, normal_hours=normal, closed=verdict.hour), Change.CLOSED
