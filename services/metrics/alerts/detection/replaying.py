"""What would have been said about a history."""

from collections.abc import Iterable
from datetime import datetime

from services.metrics.alerts.detection.episodes import Change, Episode, advance
from services.metrics.alerts.detection.judging import judge
from services.metrics.alerts.detection.settings import Settings
from services.metrics.alerts.detection.state import State
from services.metrics.alerts.detection.verdicts import Observation


def replay(history: Iterable[tuple[datetime, Observation]], settings: Settings) -> list[Episode]:
    """
    Return the episodes of a history from its beginning, in order; the last may still be open.

    Raises:
        ValueError: as `judge` does.
    """
    episodes: list[Episode] = []
    state, episode = State(), None
    for hour, observation in history:
        state, verdict = judge(state, hour, observation, settings)
        episode, change = advance(episode, verdict)
        if episode is None:
            continue
        if change is Change.OPENED:
            episodes.append(episode)
        else:
            episodes[-1] = episode
    return episodes
