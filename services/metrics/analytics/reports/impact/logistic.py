"""Logistic regression with a penalty on large coefficients. Pure, and the same every time."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

PENALTY: Final = 1.0
_STEPS: Final = 100
_ENOUGH: Final = 1e-10


@dataclass(frozen=True, slots=True)
class Logistic:
    """
    A fitted model: the log-odds are `intercept + z @ coefficients` with z = (x - mean) / spread. A feature beyond what
    it was fitted to counts as the least, or the most, of that: nothing is known of what lies beyond.

    Attributes:
        least, most: of each feature where it was fitted.
        mean, spread: of each feature where it was fitted; the spread of what does not vary there is 1.
        coefficients: of the standardised features; 0 of what does not vary.
        intercept: the log-odds of a row whose features are all at their means.
    """

    least: Array
    most: Array
    mean: Array
    spread: Array
    coefficients: Array
    intercept: float

    def contributions(self, features: Array) -> Array:
        """Return what each feature (column) of each row adds to its log-odds, compared with a row at the means."""
        known = np.clip(features, self.least, self.most)
        contributions: Array = (known - self.mean) / self.spread * self.coefficients
        return contributions

    def probabilities(self, features: Array) -> Array:
        """Return the probability of each row."""
        return sigmoid(self.intercept + self.contributions(features).sum(axis=1))


def fitted(features: Array, happened: npt.NDArray[np.bool_], penalty: float = PENALTY) -> Logistic:
    """
    Return the model that minimises the negative log-likelihood plus `penalty` / 2 times the sum of the squared
    coefficients of the standardised features, the intercept left out; found by Newton's method.

    Args:
        features: a row for each case, a column for each feature.
        happened: whether it happened, for each row.
        penalty: above 0, so that there always is one minimum.
    """
    mean = features.mean(axis=0)
    spread = features.std(axis=0)
    varies = spread > 1e-12 * np.maximum(np.abs(mean), 1.0)
    spread = np.where(varies, spread, 1.0)
    design = np.column_stack([np.ones(len(features)), np.where(varies, (features - mean) / spread, 0.0)])
    target = happened.astype(np.float64)
    ridge = np.full(design.shape[1], penalty)
    ridge[0] = 0.0
    # From the share on: otherwise the first step may leave what can be computed.
    share = (target.sum() + 0.5) / (len(target) + 1.0)
    at = np.zeros(design.shape[1])
    at[0] = np.log(share / (1.0 - share))
    loss = _loss(design, target, ridge, at)
    for _ in range(_STEPS):
        odds = sigmoid(design @ at)
        slope = design.T @ (odds - target) + ridge * at
        if np.abs(slope).max() < _ENOUGH * len(target):
            break
        curve = (design * (odds * (1.0 - odds))[:, None]).T @ design + np.diag(ridge)
        curve[0, 0] += 1e-12
        step = np.linalg.solve(curve, slope)
        # Newton's step may go too far: halved until it does not go up.
        for _ in range(60):
            following = _loss(design, target, ridge, at - step)
            if following <= loss:
                break
            step = step / 2.0
        at, loss = at - step, min(following, loss)
    return Logistic(features.min(axis=0), features.max(axis=0), mean, spread, at[1:], float(at[0]))


def sigmoid(log_odds: Array) -> Array:
    """Return the probabilities of log-odds."""
    small = np.exp(-np.abs(log_odds))
    probabilities: Array = np.where(log_odds >= 0, 1.0, small) / (1.0 + small)
    return probabilities


def _loss(design: Array, target: Array, ridge: Array, at: Array) -> float:
    log_odds = design @ at
    return float((np.logaddexp(0.0, log_odds) - target * log_odds).sum() + (ridge * at * at).sum() / 2.0)
