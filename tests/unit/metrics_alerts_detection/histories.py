"""Histories of tenants for the tests of the detection."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from services.metrics.alerts.detection import Observation, Settings, State, Verdict, judge

FIRST: Final = datetime(2026, 3, 2, 3, tzinfo=UTC)
"""A Monday, midnight in São Paulo."""
HOUR: Final = timedelta(hours=1)


def judged(
    values: Iterable[int | Observation], settings: Settings, state: State | None = None
) -> tuple[State, list[Verdict]]:
    """Return the state and the verdicts after hours that follow each other."""
    state = State() if state is None else state
    verdicts = []
    for value in values:
        hour = FIRST if state.last is None else state.last + HOUR
        observation = value if isinstance(value, Observation) else Observation(value)
        state, verdict = judge(state, hour, observation, settings)
        verdicts.append(verdict)
    return state, verdicts


def steady(count: int, hours: int) -> list[int]:
    """Return hours that are the same but for one event more or less."""
    return [count + (-1, 0, 1)[i % 3] for i in range(hours)]
