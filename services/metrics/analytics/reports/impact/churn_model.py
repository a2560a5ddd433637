"""A model of who stays away: fitted at one moment, tried out at the next, and what it says of people. Pure."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.reports.impact.logistic import Logistic, fitted
from services.metrics.analytics.reports.impact.ranking import (
    Auc,
    CalibrationRow,
    auc,
    auc_gain,
    brier,
    calibration,
)

FACTS: Final = ("recency", "frequency", "trend", "tenure", "breadth", "errors")
"""The columns of facts, in their order; see `Churn`."""

LEAST_PEOPLE: Final = 100
LEAST_OF_EITHER: Final = 20
"""So many have to have stayed away, and so many to have come back, at either moment."""

MOST_REASONS: Final = 3
_ROWS: Final = 10
_RECENCY: Final = FACTS.index("recency")
_TREND: Final = FACTS.index("trend")


@dataclass(frozen=True, slots=True)
class Facts:
    """
    What is known of people at a moment.

    Attributes:
        actors: their numbers, ascending.
        values: a row for each, a column for each of `FACTS`, in days and counts.
        stayed_away: whether they had no activity in the horizon after the moment.
    """

    actors: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    stayed_away: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Weight:
    """
    What the model makes of a fact.

    Attributes:
        fact: its name, of `FACTS`.
        mean, spread: of it where the model was fitted: of the trend itself, and of ln(1 + x) of all others.
        coefficient: by how much the log-odds of staying away grow when the fact is one spread greater.
    """

    fact: str
    mean: float
    spread: float
    coefficient: float


@dataclass(frozen=True, slots=True)
class Model:
    """The fitted model; `intercept` is the log-odds of who is average in everything."""

    intercept: float
    weights: tuple[Weight, ...]


@dataclass(frozen=True, slots=True)
class Validation:
    """
    How the model did on people of a later moment than those it was fitted to.

    Attributes:
        stayed_away: how many did.
        base_rate: their share.
        auc: of the model's scores.
        recency_auc: of recency alone.
        gain, gain_low, gain_high: of the first over the second, with its 95 % interval.
        brier: the mean squared error of the probabilities.
        base_brier: that of predicting for all the share of those the model was fitted to.
        calibration: what was predicted and what came, by tenths of people.
    """

    stayed_away: int
    base_rate: float
    auc: Auc
    recency_auc: Auc
    gain: float
    gain_low: float
    gain_high: float
    brier: float
    base_brier: float
    calibration: tuple[CalibrationRow, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """
    What makes somebody likely to stay away.

    Attributes:
        fact: of `FACTS`.
        value: what it is for them, in days or counts.
        typical: what it is for who is average.
        contribution: how much it adds to their log-odds, compared with who is average.
    """

    fact: str
    value: float
    typical: float
    contribution: float


@dataclass(frozen=True, slots=True)
class Score:
    """The probability that somebody stays away, and what makes it high, the most first; 3 reasons at most."""

    probability: float
    reasons: tuple[Reason, ...]


def too_few(facts: Facts, what: str) -> str | None:
    """Return what is missing for a model to be fitted or tried out; None when nothing is."""
    people, away = len(facts.actors), int(np.count_nonzero(facts.stayed_away))
    if people < LEAST_PEOPLE:
        return f"there are {people} people to {what}; {LEAST_PEOPLE} are needed"
    if min(away, people - away) < LEAST_OF_EITHER:
        return (
            f"of {people} people to {what}, {away} stayed away and {people - away} came back; "
            f"{LEAST_OF_EITHER} of either are needed"
        )
    return None


def trained(facts: Facts) -> Logistic:
    """Return the model of people of whom it is known who stayed away."""
    return fitted(_columns(facts.values), facts.stayed_away)


def described(model: Logistic) -> Model:
    """Return what there is to tell of a model."""
    columns = zip(FACTS, model.mean.tolist(), model.spread.tolist(), model.coefficients.tolist(), strict=True)
    return Model(model.intercept, tuple(Weight(*each) for each in columns))


def validated(model: Logistic, facts: Facts, trained_rate: float) -> Validation:
    """Return how a model does on people it was not fitted to; `trained_rate` is the share of those it was fitted to."""
    away = facts.stayed_away
    probabilities, recency = model.probabilities(_columns(facts.values)), facts.values[:, _RECENCY]
    gain = auc_gain(probabilities, recency, away)
    return Validation(
        int(np.count_nonzero(away)),
        float(away.mean()),
        auc(probabilities, away),
        auc(recency, away),
        *gain,
        brier(probabilities, away),
        brier(np.full(len(away), trained_rate), away),
        calibration(probabilities, away, _ROWS),
    )


def scores(model: Logistic, facts: Facts) -> npt.NDArray[np.float64]:
    """Return the probability of everybody."""
    return model.probabilities(_columns(facts.values))


def score_of(model: Logistic, facts: Facts, row: int) -> Score:
    """Return the score of one of them, with its reasons."""
    some = _columns(facts.values[row : row + 1])
    added = model.contributions(some)[0]
    typical = np.where(np.arange(len(FACTS)) == _TREND, model.mean, np.expm1(model.mean))
    order = sorted(range(len(FACTS)), key=lambda at: (-added[at], at))
    reasons = [
        Reason(FACTS[at], float(facts.values[row, at]), float(typical[at]), float(added[at]))
        for at in order[:MOST_REASONS]
        if added[at] > 0
    ]
    return Score(float(model.probabilities(some)[0]), tuple(reasons))


def _columns(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    counts = values.copy()
    counts[:, _TREND] = 0.0
    columns: npt.NDArray[np.float64] = np.log1p(counts)
    columns[:, _TREND] = values[:, _TREND]
    return columns
