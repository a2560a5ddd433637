"""How many units a test needs, what it can find, and how likely it finds it. All sizes are units per arm."""

import math

from services.metrics.experiments.statistics.distributions import (
    noncentral_t_tail,
    normal_quantile,
    normal_tail,
    root,
    t_quantile,
)


def pooled_size(baseline: float, effect: float, alpha: float, power: float) -> float:
    """
    Return the size for two proportions (Fleiss, no continuity correction): ((z_a s_0 + z_b s_1) / d)^2.

    `effect` is absolute.

    Raises:
        ValueError: a baseline or baseline + effect outside of (0, 1), no effect, or alpha or power outside of (0, 1).
    """
    null, real = _spreads(baseline, effect)
    a, b = _quantiles(alpha, power)
    return ((a * null + b * real) / effect) ** 2


def unpooled_size(baseline: float, effect: float, alpha: float, power: float) -> float:
    """Return the size for the unpooled test: (z_a + z_b)^2 s_1^2 / d^2; raises as `pooled_size` does."""
    _, real = _spreads(baseline, effect)
    return (sum(_quantiles(alpha, power)) * real / effect) ** 2


def arcsine_size(baseline: float, effect: float, alpha: float, power: float) -> float:
    """Return the size by Cohen's h = 2 asin sqrt p2 - 2 asin sqrt p1 (1988); raises as `pooled_size` does."""
    _spreads(baseline, effect)
    z = _quantiles(alpha, power)[0]
    h = abs(2.0 * math.asin(math.sqrt(baseline + effect)) - 2.0 * math.asin(math.sqrt(baseline)))

    def lacking(centre: float) -> float:
        return normal_tail(z - centre) + normal_tail(z + centre) - power

    return 2.0 * (root(lacking, 0.0, 40.0) / h) ** 2


def mean_size(effect: float, deviation: float, alpha: float, power: float) -> float:
    """
    Return the size for two means by the two-sided t test (noncentral t, 2 n - 2 degrees of freedom).

    Raises:
        ValueError: no effect, a deviation that is not positive, or alpha or power outside of (0, 1).
    """
    if not effect or not deviation > 0.0:
        raise ValueError("effect, deviation: one of them is 0")
    normal = 2.0 * (sum(_quantiles(alpha, power)) * deviation / effect) ** 2

    def lacking(size: float) -> float:
        freedom, centre = 2.0 * size - 2.0, abs(effect) / deviation * math.sqrt(size / 2.0)
        limit = t_quantile(alpha / 2.0, freedom)
        return noncentral_t_tail(limit, freedom, centre) + noncentral_t_tail(limit, freedom, -centre) - power

    return root(lacking, 1.5, 2.0 * normal + 50.0)


def proportion_power(baseline: float, effect: float, size: float, alpha: float) -> float:
    """
    Return the probability to find the effect, either sign: 1 - F(z s_0/s_1 - d sqrt(n)/s_1) + F(-z s_0/s_1 - ...).

    Raises:
        ValueError: as `pooled_size` does; a size that is not positive.
    """
    if not size > 0.0:
        raise ValueError("size: is not positive")
    null, real = _spreads(baseline, effect)
    limit, centre = normal_quantile(alpha / 2.0) * null / real, effect * math.sqrt(size) / real
    return normal_tail(limit - centre) + normal_tail(limit + centre)


def smallest_effect(baseline: float, size: float, alpha: float, power: float) -> float:
    """
    Return the smallest absolute increase that is found with this power (the minimum detectable effect).

    Raises:
        ValueError: as `proportion_power` does, or no increase is found so often at this size.
    """
    most = 1.0 - baseline - 1e-9
    if proportion_power(baseline, most, size, alpha) < power:
        raise ValueError("size: no increase is found with this power")
    return root(lambda effect: proportion_power(baseline, effect, size, alpha) - power, 1e-9, most)


def guardrail_power(power: float, guardrails: int) -> float:
    """Return the power that each test needs when guardrails have to pass too: beta by guardrails + 1 (2402.11609)."""
    return 1.0 - (1.0 - power) / (guardrails + 1)


def guardrail_size(spread: float, margin: float, alpha: float, power: float) -> float:
    """
    Return the size by which a harmless change is shown to be within a margin: 2 s^2 (z_a + z_b)^2 / m^2, one-sided.

    `spread` is the variance of one unit, p (1 - p) for a proportion.

    Raises:
        ValueError: a margin or a spread that is not positive, or alpha or power outside of (0, 1).
    """
    if not (margin > 0.0 and spread > 0.0):
        raise ValueError("margin, spread: one of them is not positive")
    return 2.0 * spread * (sum(_quantiles(2.0 * alpha, power)) / margin) ** 2


def _spreads(baseline: float, effect: float) -> tuple[float, float]:
    other = baseline + effect
    if not 0.0 < baseline < 1.0 or not 0.0 < other < 1.0:
        raise ValueError("baseline, effect: a share is not between 0 and 1")
    if not effect:
        raise ValueError("effect: is 0")
    middle = (baseline + other) / 2.0
    spread = baseline * (1.0 - baseline) + other * (1.0 - other)
    return math.sqrt(2.0 * middle * (1.0 - middle)), math.sqrt(spread)


def _quantiles(alpha: float, power: float) -> tuple[float, float]:
    if not 0.0 < alpha < 1.0 or not 0.0 < power < 1.0:
        raise ValueError("alpha, power: one is not between 0 and 1")
    return normal_quantile(alpha / 2.0), normal_quantile(1.0 - power)
