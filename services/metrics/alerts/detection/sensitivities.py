"""How sensitive the rules are when nobody has said so: by volume."""

from typing import Final

from services.metrics.alerts.detection.settings import Kind, Sensitivity, Settings
from services.metrics.alerts.detection.state import State

LOW: Final = Sensitivity(point=1e-2, gap=5e-3)
MIDDLE: Final = Sensitivity(point=4e-3, gap=3e-4)
HIGH: Final = Sensitivity(point=2e-3, gap=1e-4)
"""Small tenants have few events to be judged by, and few hours in which something can be seen at all."""
LOW_SUM: Final = Sensitivity(point=4e-3, gap=5e-3)
SUM: Final = Sensitivity(point=1e-3, gap=3e-4)
"""Amounts have heavier tails than counts."""
RATIO: Final = Sensitivity(point=2e-3, gap=1e-3)
LOW_VOLUME: Final = 3.0
HIGH_VOLUME: Final = 30.0
"""Events in the mean hour of the week; the peak is about three times as much."""


def sensitivity_of(state: State, settings: Settings) -> Sensitivity:
    """Return the sensitivity for the volume of a tenant, which is its mean hour."""
    if settings.kind is Kind.RATIO:
        return RATIO
    if settings.kind is Kind.SUM:
        return LOW_SUM if state.level * state.minutes < LOW_VOLUME * state.unit_weight else SUM
    if state.level < LOW_VOLUME:
        return LOW
    return MIDDLE if state.level < HIGH_VOLUME else HIGH
