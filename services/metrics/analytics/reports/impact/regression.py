"""How much an outcome differs with and without something, other things being equal, by least squares. Pure."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.reports.intervals import Z

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
_SMALL = 1e-9


@dataclass(frozen=True, slots=True)
class Effect:
    """A difference of means, and its 95 % interval."""

    value: float
    low: float
    high: float


def plain_difference(outcome: Array, exposed: npt.NDArray[np.bool_]) -> Effect | None:
    """Return the difference of two means, variances apart (Welch); None with fewer than two on either side."""
    left, right = outcome[exposed], outcome[~exposed]
    if min(len(left), len(right)) < 2:
        return None
    error = math.sqrt(float(left.var(ddof=1)) / len(left) + float(right.var(ddof=1)) / len(right))
    return _effect(float(left.mean() - right.mean()), error)


def adjusted_difference(
    outcome: Array, exposed: npt.NDArray[np.bool_], covariates: Array, group: Integers
) -> Effect | None:
    """
    Return the coefficient of the exposure in a linear regression of the outcome on it, on covariates, and on a constant
    for each group. Its standard error is robust against unequal variances and single large outcomes (HC3).

    Args:
        outcome: of each row.
        exposed: whether each is.
        covariates: a column each; those that are sums of others change nothing.
        group: of each row, a number from 0 on. Rows that are alone in their group say nothing, and are left out.

    Returns:
        None when covariates and groups leave nothing of the exposure to compare.
    """
    kept = np.bincount(group)[group] > 1 if len(group) else np.zeros(0, bool)
    if np.count_nonzero(kept) < 3:
        return None
    _, group = np.unique(group[kept], return_inverse=True)
    sizes = np.bincount(group)
    y, x = _centred(outcome[kept], group, sizes), _centred(exposed[kept].astype(np.float64), group, sizes)
    basis = _basis(np.stack([_centred(column, group, sizes) for column in covariates[kept].T], axis=1))
    y, x = y - basis @ (basis.T @ y), x - basis @ (basis.T @ x)
    spread = float(x @ x)
    if spread < _SMALL * len(x):
        return None
    value = float(x @ y) / spread
    # What a row pulls the line towards itself; at 1 it is on the line whatever it is.
    leverage = 1 / sizes[group] + np.einsum("ij,ij->i", basis, basis) + x * x / spread
    residual = (y - value * x) / np.maximum(1 - leverage, _SMALL)
    return _effect(value, math.sqrt(float((x * x) @ (residual * residual))) / spread)


def _centred(column: Array, group: Integers, sizes: Integers) -> Array:
    centred: Array = column - (np.bincount(group, column) / sizes)[group]
    return centred


def _basis(columns: Array) -> Array:
    """Return an orthonormal basis of what columns span."""
    size = np.sqrt(np.einsum("ij,ij->j", columns, columns))
    columns = columns[:, size > _SMALL] / size[size > _SMALL]
    if not columns.shape[1]:
        return np.empty((len(columns), 0))
    # By the eigenvectors of their few products: far quicker than a decomposition of all rows.
    strength, directions = np.linalg.eigh(columns.T @ columns)
    kept = strength > _SMALL * strength[-1]
    basis: Array = columns @ (directions[:, kept] / np.sqrt(strength[kept]))
    return basis


def _effect(value: float, error: float) -> Effect:
    return Effect(value, value - Z * error, value + Z * error)
