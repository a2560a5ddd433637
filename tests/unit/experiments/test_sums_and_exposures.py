"""Sums merge, exposures count once, and what cannot be counted is refused or counted apart."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.metrics.experiments.statistics.comparing import Kind, compare
from services.metrics.experiments.statistics.cuped import adjusted
from services.metrics.experiments.statistics.estimates import difference, mean, proportion, ratio, winsor_cap
from services.metrics.experiments.statistics.exposures import Exposure, Observation, measured, participants
from services.metrics.experiments.statistics.phases import stratified
from services.metrics.experiments.statistics.sums import NONE, Sums, converted, merged, sums_of

VALUES = st.lists(st.integers(-1_000, 1_000), min_size=2, max_size=30)


@given(VALUES, VALUES)
def test_merged_sums_are_the_sums_of_all(first: list[int], second: list[int]) -> None:
    """Parts added up say what all of it says: mean and variance are those of the values."""
    whole = merged([sums_of(first), NONE, sums_of(second)])
    values = first + second
    average = sum(values) / len(values)
    assert whole == sums_of(values)
    assert whole.mean == pytest.approx(average)
    assert whole.variance == pytest.approx(
        sum((value - average) ** 2 for value in values) / (len(values) - 1), rel=1e-6, abs=1e-6
    )


@pytest.mark.parametrize(
    ("units", "y", "yy", "message"),
    [
        (3, math.inf, 1.0, "y: is not a finite number"),
        (3, 1.0, math.nan, "yy: is not a finite number"),
        (-1, 0.0, 0.0, "units: are negative"),
        (0, 1.0, 1.0, "units: there are none"),
        (2, 10.0, 1.0, "yy: is smaller"),
    ],
)
def test_sums_that_cannot_be_are_refused(units: int, y: float, yy: float, message: str) -> None:
    """The error names the sum."""
    with pytest.raises(ValueError, match=message):
        Sums(units, y, yy)


def test_an_empty_arm_is_a_clear_error_and_no_comparison() -> None:
    """Estimates of nothing are refused; a comparison with an arm without units is none yet."""
    with pytest.raises(ValueError, match="units: 0 in the arm"):
        proportion(NONE)
    with pytest.raises(ValueError, match="conversions: are not between"):
        converted(5, 4)
    with pytest.raises(ValueError, match="denominator is not positive"):
        ratio(sums_of([1.0, 2.0], [0.0, 0.0]))
    assert compare(Kind.PROPORTION, [{"on": NONE, "off": converted(3, 10)}], "on", "off") is None
    assert compare(Kind.MEAN, [{"off": converted(3, 10)}], "on", "off") is None


def test_refunds_count_as_negative() -> None:
    """Negative totals are values like others."""
    assert mean(sums_of([-5.0, 5.0, 3.0])).value == pytest.approx(1.0)


def test_a_covariate_that_does_not_vary_changes_nothing() -> None:
    """CUPED without information is the plain mean."""
    arms = [sums_of([1.0, 2.0, 4.0], [3.0] * 3), sums_of([2.0, 2.0, 5.0], [3.0] * 3)]
    found, theta = adjusted(arms)
    assert theta == 0.0
    assert [arm.value for arm in found] == pytest.approx([arm.mean for arm in arms])
    plain = compare(Kind.MEAN, [{"on": arms[0], "off": arms[1]}], "on", "off")
    covaried = compare(Kind.MEAN, [{"on": arms[0], "off": arms[1]}], "on", "off", covariate=True)
    assert plain is not None
    assert covaried is not None
    assert (covaried.value, covaried.variance) == pytest.approx((plain.value, plain.variance))
    with pytest.raises(ValueError, match="only means"):
        compare(Kind.RATIO, [], "on", "off", covariate=True)


def test_phases_are_compared_within_themselves() -> None:
    """Both phases say 0; pooled over them the arm that came late looks better (Simpson)."""
    early = {"on": converted(10, 100), "off": converted(90, 900)}
    late = {"on": converted(400, 1000), "off": converted(400, 1000)}
    of = compare(Kind.PROPORTION, [early, late], "on", "off")
    assert of is not None
    assert of.value == pytest.approx(0.0)
    pooled = difference(proportion(early["on"] + late["on"]), proportion(early["off"] + late["off"]))
    assert pooled.z > 4.0
    one = difference(proportion(late["on"]), proportion(late["off"]))
    assert stratified([(proportion(late["on"]), proportion(late["off"]))]) == one


def test_first_exposure_counts_whatever_the_order() -> None:
    """Repeats are dropped, units of several arms left out, rows without a unit or of no arm counted apart."""
    rows = [
        Exposure("a", "on", 5.0, 1),
        Exposure("a", "on", 2.0),
        Exposure("b", "off", 1.0),
        Exposure("c", "on", 1.0),
        Exposure("c", "off", 9.0),
        Exposure("", "on", 1.0),
        Exposure("d", "green", 1.0),
    ]
    for seed in range(5):
        random.Random(seed).shuffle(rows)
        found = participants(rows, ["off", "on"])
        assert found.units == {"a": Exposure("a", "on", 2.0), "b": Exposure("b", "off", 1.0)}
        assert (found.repeated, found.crossovers, found.nameless, found.unknown) == (2, 1, 1, 1)
        assert found.counts(["off", "on"]) == [1, 1]
        assert not found.unhealthy
    many = [Exposure(str(unit), arm, 0.0) for unit in range(10) for arm in ("off", "on")]
    assert participants(many, ["off", "on"]).unhealthy


def test_metrics_are_measured_from_the_first_exposure_on() -> None:
    """Events outside of the window, or of units still watched, do not count; totals are capped; nothing counts as 0."""
    found = participants([Exposure(unit, "on", at) for unit, at in (("a", 10.0), ("b", 10.0), ("late", 95.0))], ["on"])
    events = [
        Observation("a", 9.0, 7.0),
        Observation("a", 10.0, 30.0),
        Observation("a", 19.0, 80.0),
        Observation("a", 20.0, 7.0),
        Observation("late", 96.0, 7.0),
        Observation("stranger", 12.0, 7.0),
    ]
    assert measured(found, events, window=10.0, until=100.0)[0, "on"] == sums_of([110.0, 0.0], [0.0, 0.0])
    assert measured(found, events, window=10.0, until=100.0, cap=50.0)[0, "on"] == sums_of([50.0, 0.0])
    assert measured(found, events, window=10.0, until=100.0, once=True)[0, "on"] == converted(1, 2)
    with pytest.raises(ValueError, match="not finite"):
        measured(found, [Observation("a", 11.0, math.inf)], window=10.0, until=100.0, cap=50.0)
    with pytest.raises(ValueError, match="window"):
        measured(found, events, window=0.0, until=100.0)
    with pytest.raises(ValueError, match="values"):
        winsor_cap([1.0, math.inf], 0.99)
