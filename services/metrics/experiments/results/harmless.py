"""Whether harm beyond a margin is excluded, as often as it is looked at; also where hardly anything happens. Pure."""

import math

from services.metrics.experiments.results.settings import Setting
from services.metrics.experiments.statistics.comparing import Kind
from services.metrics.experiments.statistics.distributions import log_beta
from services.metrics.experiments.statistics.estimates import Difference
from services.metrics.experiments.statistics.guardrails import FEWEST_EVENTS, Better, always_non_inferior
from services.metrics.experiments.statistics.sums import Sums


def harmless(setting: Setting, of: Difference, treated: Sums, events: int | None, alpha: float) -> bool:
    """
    Return whether harm beyond the margin is excluded.

    Args:
        setting: the guardrail.
        of: the arm and the control.
        treated: the arm.
        events: of both, of proportions.
        alpha: the level, for all looks together.
    """
    if setting.margin is None:
        return False
    share = alpha / 2.0 if may_be_rare(setting) else alpha
    if is_rare(setting, treated, share):
        return True
    if events is not None and events < FEWEST_EVENTS:
        return False
    return always_non_inferior(of, setting.better, setting.margin, share, setting.tightest)


def may_be_rare(setting: Setting) -> bool:
    """Return whether a guardrail has the test for rare events as well: then each of the two has half of the level."""
    return setting.kind is Kind.PROPORTION and setting.better is Better.LOWER


def is_rare(setting: Setting, treated: Sums, alpha: float) -> bool:
    """
    Return whether the arm's own share of what is bad is shown to be below the margin, and so its harm is.

    Where hardly anybody has an error there is no variance to go by. The share p is tested alone, by the uniform mixture
    of binomial likelihoods, a martingale: B(k + 1, n - k + 1) / (p^k (1 - p)^(n - k)) reaches 1 / alpha with a
    probability of alpha at most, however often it is looked at (Robbins 1970).
    """
    margin = setting.margin
    if margin is None or not may_be_rare(setting) or margin >= 1.0 or treated.y >= margin * treated.units:
        return False
    none = treated.units - treated.y
    log = log_beta(treated.y + 1.0, none + 1.0) - treated.y * math.log(margin) - none * math.log1p(-margin)
    return log >= -math.log(alpha)
