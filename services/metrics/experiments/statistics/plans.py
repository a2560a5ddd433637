"""What is frozen when an experiment starts: by which test it is decided, at which level, and not before what."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from services.metrics.experiments.statistics.guardrails import Better


class Method(Enum):
    """How the primary metric is tested."""

    FIXED = auto()
    ALWAYS_VALID = auto()
    HYBRID = auto()


OPEN_ENDED_TIGHTEST: Final = 10_000
"""Units of both arms at which the sequence is tightest when no horizon is planned."""


@dataclass(frozen=True, slots=True)
class Plan:
    """
    The rules of decision.

    `arms` are treatment arms; `alpha` is the level of the whole experiment, `alpha_sequence` the part of it that a
    hybrid spends on looks before the horizon; `horizon` are planned units per arm (None: open-ended, always valid
    only); `smallest_effect` is the absolute effect that matters; the minima are per arm, in units, conversions (not
    for means) and full days. When tenants are randomised units are tenants: `tenants.FEWEST_TENANTS` of them.

    Raises:
        ValueError: levels that are no levels, no arm, or a method that needs a horizon without one.
    """

    method: Method
    arms: int
    horizon: int | None = None
    better: Better = Better.HIGHER
    alpha: float = 0.05
    alpha_sequence: float = 0.01
    smallest_effect: float | None = None
    fewest_units: int = 1000
    fewest_conversions: int = 5
    fewest_days: int = 7

    def __post_init__(self) -> None:
        if self.arms < 1:
            raise ValueError("arms: there is no treatment arm")
        if not 0.0 < self.alpha_sequence < self.alpha < 1.0:
            raise ValueError("alpha, alpha_sequence: not 0 < alpha_sequence < alpha < 1")
        if self.method is not Method.ALWAYS_VALID and (self.horizon is None or self.horizon < 1):
            raise ValueError("horizon: the method needs one")
        if self.smallest_effect is not None and not self.smallest_effect > 0.0:
            raise ValueError("smallest_effect: is not positive")

    @property
    def sequence_level(self) -> float:
        """The level of the always-valid test of one arm; the rho of an arm is made with it."""
        return (self.alpha_sequence if self.method is Method.HYBRID else self.alpha) / self.arms

    @property
    def horizon_level(self) -> float:
        """The level of the one test at the horizon: of one arm in a hybrid; of all arms (by Holm) when fixed."""
        return (self.alpha - self.alpha_sequence) / self.arms if self.method is Method.HYBRID else self.alpha

    @property
    def tightest(self) -> int:
        """Units of both arms at which the sequence is tightest: N*."""
        return OPEN_ENDED_TIGHTEST if self.horizon is None else 2 * self.horizon

    def counts(self, units: int, conversions: int | None = None) -> bool:
        """
        Return whether a look may go into the `Running` of an arm: `units` and `conversions` of the smaller arm.

        Looks before are not trusted: the tests hold for large numbers. An arm of a ramp that has no conversion yet has
        no variance either, and would be said to be worse.
        """
        return units >= self.fewest_units and (conversions is None or conversions >= self.fewest_conversions)
