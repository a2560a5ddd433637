"""The sufficient statistics of one arm: sums over its units, which merge by adding. Means never merge."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Final

_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Sums:
    """
    Sums over the units of one arm (in one phase of allocation).

    `y` is the metric, or the numerator of a ratio; `x` is the covariate from before exposure (CUPED), or the
    denominator of a ratio; `yy`, `xx`, `xy` are sums of products. A unit without a covariate has to be given the
    pooled mean. For a proportion `y` and `yy` are the units that converted. Values may be negative (refunds).

    Raises:
        ValueError: a sum is no finite number, units are negative, or squares are smaller than their sums allow.
    """

    units: int
    y: float
    yy: float
    x: float = 0.0
    xx: float = 0.0
    xy: float = 0.0

    def __post_init__(self) -> None:
        if self.units < 0:
            raise ValueError("units: are negative")
        for field in fields(self):
            if not math.isfinite(getattr(self, field.name)):
                raise ValueError(f"{field.name}: is not a finite number")
        if self.units == 0 and any((self.y, self.yy, self.x, self.xx, self.xy)):
            raise ValueError("units: there are none, but sums of them")
        for name, of, squares in (("yy", self.y, self.yy), ("xx", self.x, self.xx)):
            if squares * self.units < of * of * (1.0 - _ROUNDING) - _ROUNDING:
                raise ValueError(f"{name}: is smaller than its sum allows")

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.units + other.units,
            self.y + other.y,
            self.yy + other.yy,
            self.x + other.x,
            self.xx + other.xx,
            self.xy + other.xy,
        )

    @property
    def mean(self) -> float:
        """
        The mean of the metric.

        Raises:
            ValueError: there are no units.
        """
        return self.y / self._some(1)

    @property
    def mean_x(self) -> float:
        """The mean of `x`; raises as `mean` does."""
        return self.x / self._some(1)

    @property
    def variance(self) -> float:
        """
        The variance of the metric between units, with n - 1. Rounding never makes it negative.

        Raises:
            ValueError: there are fewer than two units.
        """
        return _variance(self.y, self.yy, self._some(2))

    @property
    def variance_x(self) -> float:
        """The variance of `x` between units; raises as `variance` does."""
        return _variance(self.x, self.xx, self._some(2))

    @property
    def covariance(self) -> float:
        """The covariance of the two; raises as `variance` does."""
        units = self._some(2)
        return (self.xy - self.x * self.y / units) / (units - 1)

    def _some(self, needed: int) -> int:
        if self.units < needed:
            raise ValueError(f"units: {self.units} in the arm, at least {needed} needed")
        return self.units


NONE: Final = Sums(0, 0.0, 0.0)


def sums_of(values: Sequence[float], others: Sequence[float] | None = None) -> Sums:
    """
    Return the sums of values, one a unit, and of what goes with them.

    Raises:
        ValueError: the two are not of one length, or as `Sums` says.
    """
    xs: Sequence[float] = [0.0] * len(values) if others is None else others
    if len(xs) != len(values):
        raise ValueError("others: are not one for each value")
    return Sums(
        len(values),
        math.fsum(values),
        math.fsum(value * value for value in values),
        math.fsum(xs),
        math.fsum(x * x for x in xs),
        math.fsum(x * y for x, y in zip(xs, values, strict=True)),
    )


def converted(conversions: int, units: int) -> Sums:
    """
    Return the sums of a proportion.

    Raises:
        ValueError: not 0 <= conversions <= units.
    """
    if not 0 <= conversions <= units:
        raise ValueError("conversions: are not between 0 and the units")
    return Sums(units, float(conversions), float(conversions))


def merged(parts: Iterable[Sums]) -> Sums:
    """Return the sums of all parts (days, stores, arms)."""
    return sum(parts, NONE)


def _variance(total: float, squares: float, units: int) -> float:
    return max((squares - total * total / units) / (units - 1), 0.0)
