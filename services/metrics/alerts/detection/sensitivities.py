"""How sensitive the rules are when nobody has said so: by volume."""

from typing import Final

from services.metrics.alerts.detection.expecting import unit_of
from services.metrics.alerts.detection.settings import Kind, Sensitivity, Settings
from services.metrics.alerts.detection.state import State

LOW: Final = Sensitivity(point=1e-2, gap=5e-3)
MIDDLE: Final = Sensitivity(point=4e-3, gap=3e-4)
HIGH: Final = Sensitivity(point=2e-3, gap=1e-4)
RATIO: Final = Sensitivity(point=1e-3, gap=0.0)
LOW_VOLUME: Final = 3.0
HIGH_VOLUME: Final = 30.0


def sensitivity_of(state: State, settings: Settings) -> Sensitivity:
    """Return the sensitivity for the volume of a tenant, which is its mean hour."""
    if settings.kind is Kind.RATIO:
        return RATIO
    volume = state.level / unit_of(state, settings.kind)
    if volume < LOW_VOLUME:
        return LOW
    return MIDDLE if volume < HIGH_VOLUME else HIGH
