"""
The two families of noise: negative binomial for counts and sums, Beta-Binomial for ratios.

Sums of money are judged in effective sales. If sales come as counts do and each has an amount, the sum S of an hour
has the mean n m1 and, beside the noise of the rate, the variance n m2 (m1, m2: mean of the amounts and of their
squares). With the effective amount u = m2 / m1, S / u has equal mean and variance, like a count, and the noise of the
rate is added to it as to a count. So S / u is judged with the negative binomial. An hour of 100 equal sales weighs
100, one of 100 sales of which one is half of the revenue far less: a large sale is no alert where large sales happen.

u is known from sums alone: it is the variance of the minutes over their mean, because what differs between the
minutes of one hour is chance. A normal distribution on the sums, or a robust scale, would know nothing about the
hours of few sales, where alerts go wrong. Where amounts differ much, little is seen in the revenue of a small tenant;
its sales are counted, and their alerts see it.

In effective sales a gap would look shorter than it is. Gaps are held against the minutes in which something was sold:
at most as many as the sales, and nearly as many where gaps are hard to tell.

Decimals are turned into doubles for all this, because a probability is no amount. What is shown is the decimal.
"""

import math
from dataclasses import dataclass

from services.metrics.alerts.detection import tails


@dataclass(frozen=True, slots=True)
class Counted:
    """
    The negative binomial around a mean.

    `noise` is the relative variance of the rate (1/k), `doubt` that of the mean itself, which is not known exactly.
    """

    mean: float
    noise: float
    doubt: float

    @property
    def k(self) -> float:
        """The size, with noise and doubt."""
        return 1.0 / (self.noise + self.doubt)

    @property
    def chance(self) -> float:
        """The relative variance that is there without noise and doubt."""
        return 1.0 / self.mean

    @property
    def spread(self) -> float:
        """The relative variance that noise brings."""
        return self.noise

    @property
    def lever(self) -> float:
        """How much the variance grows with noise, in units of that of chance."""
        return self.mean

    @property
    def silence(self) -> float:
        """Minus the logarithm of the probability of 0, by noise alone."""
        return math.log1p(self.mean * self.noise) / self.noise

    def at_most(self, x: float) -> float:
        """Return P(X <= x)."""
        return tails.at_most(x, self.mean, self.k)

    def at_least(self, x: float) -> float:
        """Return P(X >= x)."""
        return tails.at_least(x, self.mean, self.k)


@dataclass(frozen=True, slots=True)
class Shared:
    """
    The Beta-Binomial around a mean of `trials`. `noise` is the correlation within an hour, 1 / (concentration + 1).
    """

    mean: float
    noise: float
    doubt: float
    trials: int

    @property
    def share(self) -> float:
        """The expected share."""
        return self.mean / self.trials

    @property
    def k(self) -> float:
        """The concentration, with noise and doubt."""
        correlation = min(self.noise + self.doubt * self.share / (1.0 - self.share), 0.9)
        return 1.0 / correlation - 1.0

    @property
    def chance(self) -> float:
        """The relative variance that is there without noise and doubt."""
        return (1.0 - self.share) / self.mean

    @property
    def spread(self) -> float:
        """The relative variance that noise brings."""
        return self.chance * self.lever * self.noise

    @property
    def lever(self) -> float:
        """How much the variance grows with noise, in units of that of chance."""
        return self.trials - 1.0

    @property
    def silence(self) -> float:
        """Minus the logarithm of the probability of 0, by noise alone."""
        return tails.ratio_silence(self.trials, self.share, 1.0 / self.noise - 1.0)

    def at_most(self, x: float) -> float:
        """Return P(X <= x)."""
        return tails.ratio_at_most(x, self.trials, self.share, self.k)

    def at_least(self, x: float) -> float:
        """Return P(X >= x)."""
        return tails.ratio_at_least(x, self.trials, self.share, self.k)


Family = Counted | Shared
