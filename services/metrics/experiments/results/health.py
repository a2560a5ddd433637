"""Whether the numbers of an experiment can be believed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.metrics.experiments.data.tallies import Measured
from services.metrics.experiments.statistics.exposures import CROSSOVER_SHARE, CROSSOVER_UNITS
from services.metrics.experiments.statistics.sample_ratio import ALARM, log_bayes_factor


@dataclass(frozen=True, slots=True)
class Health:
    """
    How healthy it is.

    Attributes:
        units: of each arm, whether watched long enough or not.
        expected: the shares that they should have.
        sample_ratio_p: the smallest p-value of all looks; None: there is nobody.
        mismatch: whether that is an alarm.
        crossover_share: units that saw several variants, in all.
        crossovers: whether they are too many.
    """

    units: tuple[int, ...]
    expected: tuple[float, ...]
    sample_ratio_p: float | None
    mismatch: bool
    crossover_share: float
    crossovers: bool


def health_of(measured: Measured, weights: Sequence[Sequence[int]]) -> Health:
    """
    Return the health.

    Args:
        measured: what the store said.
        weights: of each phase, of each arm.
    """
    shares = np.array(weights, np.float64)
    shares /= shares.sum(axis=1, keepdims=True)
    last = measured.exposures[:, :, -1]
    everybody = int(last.sum())
    expected = (last.sum(axis=1, keepdims=True) * shares).sum(axis=0) / everybody if everybody else shares[-1]
    p = None
    if everybody:
        # Each phase has an allocation of its own; that any of them is wrong is an alarm.
        found = [
            float(np.exp(np.minimum(-log_bayes_factor(phase.T.astype(np.float64), share), 0.0)).min())
            for phase, share in zip(measured.exposures, shares, strict=True)
        ]
        p = min(1.0, min(found) * len(found))
    crossovers = measured.counts.crossovers
    share = crossovers / (everybody + crossovers) if crossovers else 0.0
    return Health(
        tuple(last.sum(axis=0).tolist()),
        tuple(expected.tolist()),
        p,
        p is not None and p < ALARM,
        share,
        crossovers >= CROSSOVER_UNITS and share > CROSSOVER_SHARE,
    )
