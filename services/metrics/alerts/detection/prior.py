"""What is believed about a tenant before its own hours are known: the shape of the week of comparable tenants."""

from dataclasses import dataclass
from typing import Final

DAY: Final = 24
WEEK: Final = 168


@dataclass(frozen=True, slots=True)
class Prior:
    """
    The pooled prior of a metric.

    `shape` has an entry for each hour of the week (Monday 00 h first), about 1 in the mean. `strength` says how much
    each is worth: 1 / strength is the relative variance with which a tenant's own shape strays from it. `noise` is
    1/k of the negative binomial (for ratios 1 / (c + 1)) that a tenant begins with.
    """

    shape: tuple[float, ...]
    strength: tuple[float, ...]
    noise: float = 0.15

    def __post_init__(self) -> None:
        """
        Check the lengths.

        Raises:
            ValueError: there are not 168 of each.
        """
        if len(self.shape) != WEEK or len(self.strength) != WEEK:
            raise ValueError(f"a prior has {WEEK} shapes and strengths")


FLAT_PRIOR: Final = Prior((1.0,) * WEEK, (0.5,) * WEEK)
"""Nothing is known of other tenants: the hours of a week differ by whatever they do."""
EVEN_PRIOR: Final = Prior((1.0,) * WEEK, (10.0,) * WEEK, noise=0.03)
"""The same for ratios, which differ far less from hour to hour than what they are made of."""
