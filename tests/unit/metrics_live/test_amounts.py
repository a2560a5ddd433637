"""Amounts: what an event adds, exactly; and percentiles within 1 %."""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mirante.wire import value_to_proto

from services.metrics.definitions.reading import default_metrics
from services.metrics.live.amounts import Amount, Histograms, Totals, cell_of, percentile
from services.metrics.live.plan import Texts, amount_of

MONEY = default_metrics()["receita_hora"]
VITAL = default_metrics()["lcp_p75"]


def properties(**values: object) -> Texts:
    """Return properties of an event."""
    return Texts({name: value_to_proto(value) for name, value in values.items()})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("valor", "moeda", "found"),
    [
        ("1234.50", "BRL", (Decimal("1234.50"), "BRL")),
        (7, "USD", (Decimal(7), "USD")),
        ("-0.01", "BRL", (Decimal("-0.01"), "BRL")),
        (0.1, "BRL", None),
        ("1e9", "BRL", None),
        ("NaN", "BRL", None),
        ("1.234,50", "BRL", None),
        ("9" * 21, "BRL", None),
        ("1.00", "reais", None),
        ("1.00", 986, None),
        (None, "BRL", None),
    ],
)
def test_money_is_a_decimal_text_with_a_currency(valor: object, moeda: object, found: object) -> None:
    """Anything else is no amount: a double has lost what was meant already."""
    assert amount_of(MONEY, properties(valor=valor, moeda=moeda)) == found


def test_an_amount_that_is_missing_is_none() -> None:
    """Without the amount or the currency nothing is added."""
    assert amount_of(MONEY, properties(moeda="BRL")) is None
    assert amount_of(MONEY, properties(valor="1.00")) is None


@pytest.mark.parametrize("measurement", [float("nan"), float("inf"), -1.0, 1e10, "fast", None])
def test_what_is_no_measurement_is_left_out(measurement: object) -> None:
    """A percentile is of times that can be."""
    assert amount_of(VITAL, properties(valor=measurement)) is None


@given(st.lists(st.decimals(-(10**15), 10**15, places=6), max_size=50))
def test_sums_are_exact(amounts: list[Decimal]) -> None:
    """Whatever is added and taken away again."""
    totals = Totals()
    for amount in amounts:
        totals.add(1, amount)
    expected: Amount = sum((int(each * 10**6) for each in amounts), 0)
    assert totals.window(1, 1) * 10**6 == expected
    for amount in amounts:
        totals.add(1, -amount)
    assert totals.minutes == {}


@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=200), st.integers(1, 99))
def test_a_percentile_is_within_one_percent_of_the_nearest_rank(measurements: list[float], percent: int) -> None:
    """Of all measurements, sorted."""
    exact = sorted(measurements)[-(-len(measurements) * percent // 100) - 1]
    found = percentile(Counter(map(cell_of, measurements)), percent)
    assert found == pytest.approx(exact, rel=0.0101)


def test_nothing_measured_has_no_percentile() -> None:
    """Zero is a measurement, nothing is none."""
    assert percentile(Counter(), 75) is None
    assert percentile(Counter([cell_of(0.0)]), 75) == 0


@pytest.mark.parametrize("width", [1, 3, 60])
def test_percentiles_of_a_stretch_are_those_of_its_windows(width: int) -> None:
    """Also when something was measured just before the first window begins: that belongs to none of them."""
    histograms = Histograms(width, 75)
    for minute in range(100):
        histograms.add(minute, minute % 7, 1 + minute % 3)
    assert list(histograms.windows(65, 95)) == [histograms.window(minute) for minute in range(65, 96)]


def test_a_remembered_percentile_goes_with_what_is_measured_in_its_window() -> None:
    """Not with what is measured before or after it."""
    histograms = Histograms(3, 50)
    histograms.add(10, 1, 1)
    before = [histograms.window(minute) for minute in range(9, 14)]
    histograms.add(11, 50, 9)
    after = [histograms.window(minute) for minute in range(9, 14)]
    anew = Histograms(3, 50)
    anew.add(11, 50, 9)
    anew.add(10, 1, 1)
    assert after == [anew.window(minute) for minute in range(9, 14)]
    assert (after[:2], after[3] != before[3]) == (before[:2], True)
