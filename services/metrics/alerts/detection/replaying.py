"""What would have been said about a history."""

from collections.abc import Iterable
from datetime import datetime

from services.metrics.alerts.detection.episodes import Episode
from services.metrics.alerts.detection.settings import Settings
from services.metrics.alerts.detection.verdicts import Observation


def replay(history: Iterable[tuple[datetime, Observation]], settings: Settings) -> list[Episode]:
    """
    Return the episodes of a history from its beginning, in order; the last may still be open.

    Raises:
        ValueError: the hours are not starts of hours in ascending order.
    """
    raise NotImplementedError
