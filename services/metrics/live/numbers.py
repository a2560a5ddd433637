"""Numbers of a tenant's metrics at a minute, as windows, and by the minute."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import TypeAlias

from services.metrics.definitions import Aggregation, Metric, Selection
from services.metrics.live.amounts import EXACT, Amount, Totals
from services.metrics.live.distinct import DistinctActors
from services.metrics.live.plan import Plan
from services.metrics.live.tenant import Tenant

_NOTHING = Totals()

Raw: TypeAlias = Amount | float | tuple[int, int] | None
"""A count or sum, a measurement, the two parts of a ratio; None where nothing was measured."""


@dataclass(frozen=True, slots=True)
class Number:
    """
    What a metric is.

    `value` is None when there is none. A ratio has its value from `value` over `denominator`, for anything else that
    is None.
    """

    value: Decimal | None
    denominator: int | None = None

    @property
    def shown(self) -> Decimal | None:
        """The number that people see; ratios have six digits."""
        if self.denominator is None or self.value is None:
            return self.value
        return (self.value / self.denominator).quantize(_SIX_DIGITS) if self.denominator else None


_SIX_DIGITS = Decimal("0.000001")
_THREE_DIGITS = Decimal("0.001")


class Numbers:
    """Answers about one tenant."""

    def __init__(self, plan: Plan, tenant: Tenant) -> None:
        self._plan = plan
        self._tenant = tenant

    def currencies(self, at: int) -> list[str]:
        """Return the currencies of the metric at a position, sorted; one that is empty for what is not money."""
        return sorted(self._tenant.amounts[at]) if self._plan.metrics[at].currency else [""]

    def window(self, at: int, currency: str, end: int) -> Number:
        """Return the metric over its window that ends with a minute."""
        metric = self._plan.metrics[at]
        if metric.aggregation.additive:
            return Number(Decimal(self._totals(at, currency).window(end, metric.window)))
        if metric.aggregation is Aggregation.PERCENTILE:
            return _measured(self._tenant.histograms[at].window(end))
        seen = self._counted(metric.selection, metric.window).at(end)
        if metric.of is None:
            return Number(Decimal(seen))
        return Number(Decimal(seen), self._counted(metric.of, metric.window).at(end))

    def minutes(self, at: int, currency: str, first: int, last: int) -> Iterator[Number]:
        """Yield a number for each minute: what fell into it for counts and sums, else the window that ends with it."""
        return map(number_of, self.raw_minutes(at, currency, first, last))

    def raw_minutes(self, at: int, currency: str, first: int, last: int) -> list[Raw]:
        """Return the same before it is made into numbers, which takes ten times as long."""
        metric = self._plan.metrics[at]
        if metric.aggregation.additive:
            get = self._totals(at, currency).minutes.get
            return [get(minute, 0) for minute in range(first, last + 1)]
        if metric.aggregation is Aggregation.PERCENTILE:
            return list(self._tenant.histograms[at].windows(first, last))
        return raw_actors(self._plan, metric, self._tenant.counts, first, last)

    def _totals(self, at: int, currency: str) -> Totals:
        return self._tenant.amounts[at].get(currency, _NOTHING)

    def _counted(self, selection: Selection, width: int) -> DistinctActors:
        return self._tenant.counts[self._plan.set_of(selection)][width]


def raw_actors(
    plan: Plan, metric: Metric, counts: Sequence[Mapping[int, DistinctActors]], first: int, last: int
) -> list[Raw]:
    """Return a metric of actors for the windows that end with these minutes."""
    seen = counts[plan.set_of(metric.selection)][metric.window].between(first, last)
    if metric.of is None:
        return list(seen)
    whole = counts[plan.set_of(metric.of)][metric.window].between(first, last)
    return list(zip(seen, whole, strict=True))


def number_of(raw: Raw) -> Number:
    """Return what `raw_minutes` has found as a number."""
    if isinstance(raw, tuple):
        return Number(Decimal(raw[0]), raw[1])
    return _measured(raw) if raw is None or isinstance(raw, float) else Number(Decimal(raw))


def of_hour(metric: Metric, minutes: Sequence[Number]) -> Number:
    """
    Return the number of an hour from those of its minutes so far.

    Of counts and sums it is their sum, of actors the highest, of others the window that ended with the last minute that
    has one.
    """
    known = [each for each in minutes if each.value is not None]
    if not known:
        return Number(None)
    if metric.aggregation.additive:
        return Number(reduce(EXACT.add, (each.value for each in known if each.value is not None)))
    if metric.aggregation is Aggregation.DISTINCT_ACTORS:
        return max(known, key=lambda each: each.value or Decimal(0))
    return next((each for each in reversed(known) if each.shown is not None), known[-1])


def _measured(value: float | None) -> Number:
    return Number(None if value is None else Decimal(value).quantize(_THREE_DIGITS))
