"""Intervals of the revenue association hold the truth as often as they say, where the plain difference is far off."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from services.metrics.analytics.reports.impact.associating import AssociationResult, Sold, UnitFacts, association_of
from tests.support.report_answers import START

UNITS = 1_000
SAMPLES = 150
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Habits:
    """Of units: the tenant, its prices, all that they did, whether the feature was among it, sales before and later."""

    tenant: Array
    price: Array
    activity: Array
    used: Array
    so_far: Array
    sales: Array


def seen_habits(chance: np.random.Generator) -> Habits:
    """
    Who does more, and who has sold more, uses the feature more often, and sells more later whether or not. Tenants have
    prices and habits of their own.
    """
    tenant = chance.integers(0, 20, UNITS)
    price = chance.lognormal(0, 0.4, 20)[tenant]
    activity = chance.poisson(chance.gamma(2, 10, UNITS))
    so_far = chance.poisson(activity / 15)
    likely = 1 / (1 + np.exp(2.5 - activity / 15 - so_far / 2 - np.log(price)))
    used = (chance.random(UNITS) < likely) & (activity > 0)
    return Habits(tenant, price, activity, used, so_far, chance.poisson(0.3 + activity / 30 + so_far / 2))


def hidden_habits(chance: np.random.Generator) -> Habits:
    """How busy everybody is decides how much they do of everything, before and later; it shows by that alone."""
    busy = chance.gamma(1.5, 10, UNITS)
    used = chance.poisson(busy / 20) > 0
    so_far = chance.poisson(busy / 10)
    activity = chance.poisson(busy) + so_far + used
    return Habits(chance.integers(0, 20, UNITS), np.ones(UNITS), activity, used, so_far, chance.poisson(busy / 10))


def answer(habits: Habits, chance: np.random.Generator, effect: float) -> AssociationResult:
    """The answer about units; revenue is nothing for many, and skewed; use is worth so much more on average."""
    later = habits.price * habits.sales * chance.gamma(2, 5, UNITS)
    later += effect * habits.used * chance.gamma(2, 0.5, UNITS)
    columns = (habits.tenant.tolist(), habits.used.tolist(), habits.activity.tolist())
    units = {
        str(at): UnitFacts(str(tenant), used, activity, 1)
        for at, (tenant, used, activity) in enumerate(zip(*columns, strict=True))
    }
    bills = [Sold(str(at), "", after=True, sales=1, revenue=float(later[at])) for at in np.flatnonzero(later)]
    revenue = 10 * habits.price * habits.so_far
    bills += [
        Sold(str(at), "", after=False, sales=int(habits.so_far[at]), revenue=float(revenue[at]))
        for at in np.flatnonzero(revenue)
    ]
    return told(units, bills)


def told(units: Mapping[str, UnitFacts], bills: Sequence[Sold]) -> AssociationResult:
    """The answer about units."""
    return association_of(
        units,
        bills,
        5,
        split=START,
        currency="",
        other_sales=0,
        known_units=len(units),
        incomplete=False,
    )


@pytest.mark.parametrize(("habits", "effect"), [(seen_habits, 0.0), (seen_habits, 8.0), (hidden_habits, 0.0)])
def test_intervals_hold_the_truth(habits: Callable[[np.random.Generator], Habits], effect: float) -> None:
    """About 95 in 100 adjusted ones do, and hardly a plain one. What is worth half a sale is mostly found."""
    answers = []
    for seed in range(SAMPLES):
        chance = np.random.default_rng(seed)
        answers.append(answer(habits(chance), chance, effect))
    adjusted = [each.adjusted for each in answers if each.adjusted is not None]
    plain = [each.plain for each in answers if each.plain is not None]
    assert len(adjusted) == len(plain) == SAMPLES
    assert 0.92 <= np.mean([each.low <= effect <= each.high for each in adjusted]) <= 0.98
    assert np.mean([each.low <= effect <= each.high for each in plain]) < 0.05
    off = np.mean([each.value for each in adjusted]) - effect
    assert abs(off) < 0.1 * (np.mean([each.value for each in plain]) - effect)
    if effect:
        assert np.mean([each.low > 0 for each in adjusted]) > 0.9


def test_use_that_is_the_same_as_activity() -> None:
    """Where whoever used the feature is never like anybody who did not, nothing is told."""
    units = {str(at): UnitFacts("", at % 2 == 0, 7 + at % 2, 1) for at in range(200)}
    bills = [Sold(str(at), "", after=True, sales=1, revenue=1.0 + at) for at in range(200)]
    assert told(units, bills).adjusted is None
