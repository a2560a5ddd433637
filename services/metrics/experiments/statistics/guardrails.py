"""Guardrails: what a change must not harm. A bound watches while it runs; to ship it must be shown harmless."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from services.metrics.experiments.statistics.always_valid import (
    one_sided_boundary,
    one_sided_p_value,
    tightest_one_sided,
)
from services.metrics.experiments.statistics.distributions import normal_quantile, normal_tail
from services.metrics.experiments.statistics.estimates import Difference
from services.metrics.experiments.statistics.intervals import EVERYTHING, Interval

FEWEST_EVENTS: Final = 20
"""Of both arms together, before a harm bound says anything."""


class Better(Enum):
    """Which way a metric should go. Its value is the sign of harm."""

    LOWER = 1
    HIGHER = -1


@dataclass(frozen=True, slots=True)
class Harm:
    """Whether harm is proven, the one-sided p-value, and the interval of the difference, open on the side of harm."""

    proven: bool
    p: float
    interval: Interval


def level(alpha: float, guardrails: int, arms: int) -> float:
    """
    Return the level of each bound, so that all of them together raise a false alarm with probability alpha at most.

    Raises:
        ValueError: no guardrail or no treatment arm.
    """
    if guardrails < 1 or arms < 1:
        raise ValueError("guardrails, arms: there are none")
    return alpha / (guardrails * arms)


def harm(of: Difference, better: Better, alpha: float, tightest: float, events: int | None = None) -> Harm:
    """
    Return whether the treatment is worse, by the one-sided confidence sequence (arXiv 2103.06476, equation 134).

    `alpha` is that of this one bound (`level`); it is tightest at `tightest` units of both arms; `events` are those of
    both arms, below `FEWEST_EVENTS` nothing is proven (None: not a metric of counts). For proportions the difference
    is to be that of `cautious` estimates: a canary of few units else raises alarms before its first conversion.

    Raises:
        ValueError: an alpha outside of (0, 0.5), or tightest at nothing.
    """
    if of.variance <= 0.0 or (events is not None and events < FEWEST_EVENTS):
        return Harm(False, 1.0, EVERYTHING)
    mixture = tightest_one_sided(tightest, alpha) ** 2 * of.units
    sign = better.value
    limit = sign * of.value - float(one_sided_boundary(mixture, alpha)) * of.error
    interval = Interval(limit, EVERYTHING.upper) if better is Better.LOWER else Interval(EVERYTHING.lower, -limit)
    return Harm(limit > 0.0, float(one_sided_p_value(sign * of.z, mixture)), interval)


@dataclass(frozen=True, slots=True)
class NonInferiority:
    """Whether harm beyond the margin is excluded, the test's z and p, and the limit of harm (one-sided)."""

    passed: bool
    z: float
    p: float
    limit: float


def non_inferiority(of: Difference, better: Better, margin: float, alpha: float) -> NonInferiority:
    """
    Return whether the harm is shown to be below a margin (absolute, stated in advance): one look, unpooled z.

    All guardrails have to pass, so alpha is not shared among them (intersection-union). `limit` is in the direction
    of harm. Without variance nothing is shown.

    Raises:
        ValueError: a margin that is not positive.
    """
    if not margin > 0.0:
        raise ValueError("margin: is not positive")
    if of.variance <= 0.0:
        return NonInferiority(False, 0.0, 1.0, float("inf"))
    harmful = better.value * of.value
    z = (harmful - margin) / of.error
    limit = harmful + normal_quantile(alpha) * of.error
    return NonInferiority(limit < margin, z, normal_tail(-z), limit)


def always_non_inferior(of: Difference, better: Better, margin: float, alpha: float, tightest: float) -> bool:
    """
    Return whether harm beyond the margin is excluded, as often as it is looked at: the confidence sequence of `harm`
    towards the other side. It needs more units than `non_inferiority`, which holds for one look.

    Raises:
        ValueError: a margin that is not positive, an alpha outside of (0, 0.5), or tightest at nothing.
    """
    if not margin > 0.0:
        raise ValueError("margin: is not positive")
    if of.variance <= 0.0:
        return False
    mixture = tightest_one_sided(tightest, alpha) ** 2 * of.units
    return better.value * of.value + float(one_sided_boundary(mixture, alpha)) * of.error < margin
