"""A fixed number of looks at planned times, with the level spent over them: for a plan that is known and kept."""

import itertools
import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from services.metrics.experiments.statistics.distributions import Array, normal_quantile, normal_tail, root

_WIDEST: Final = 12.0
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(200)


def bounds(alpha: float, times: Sequence[float]) -> list[float]:
    """
    Return the two-sided bounds of z at looks at these fractions of the information, by spending alpha t^2.

    P(no crossing before, |Z_k| > b_k) = alpha(t_k) - alpha(t_{k-1}), by recursive integration (Armitage, McPherson and
    Rowe 1969; Lan and DeMets 1983).

    Raises:
        ValueError: times that do not rise within (0, 1], or an alpha outside of (0, 1).
    """
    if not 0.0 < alpha < 1.0:
        raise ValueError("alpha: is not between 0 and 1")
    if not times or any(not a < b for a, b in zip([0.0, *times], [*times, math.inf], strict=True)) or times[-1] > 1.0:
        raise ValueError("times: do not rise within 0 and 1")
    found = [float(normal_quantile(alpha * times[0] ** 2 / 2.0))]
    x, weights = _nodes(found[0] * math.sqrt(times[0]))
    mass = weights * _density(x / math.sqrt(times[0])) / math.sqrt(times[0])
    for before, now in itertools.pairwise(times):
        step, spent = math.sqrt(now - before), alpha * (now**2 - before**2)
        found.append(_bound(x, mass, math.sqrt(now), step, spent))
        y, weights = _nodes(found[-1] * math.sqrt(now))
        mass = weights * (_density((y[:, None] - x[None, :]) / step) / step @ mass)
        x = y
    return found


def _bound(x: Array, mass: Array, scale: float, step: float, spent: float) -> float:
    """The z that is crossed with the probability `spent`, either way, by paths that have been at `x` with this mass."""

    def lacking(z: float) -> float:
        return 2.0 * float((mass * normal_tail((z * scale - x) / step)).sum()) - spent

    return root(lacking, 0.0, _WIDEST)


def _nodes(limit: float) -> tuple[Array, Array]:
    return limit * _NODES, limit * _WEIGHTS


def _density(z: Array) -> Array:
    density: Array = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    return density
