"""Roll-ups of hours: from the live state, and as texts. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from services.metrics.definitions import Aggregation, Metric
from services.metrics.live import HOUR
from services.metrics.live.amounts import EXACT
from services.metrics.live.environment import LiveMetrics
from services.metrics.live.keeping import OldAmount
from services.metrics.live.numbers import Number, Raw, number_of, of_hour, raw_actors
from services.metrics.rollups import Hour, HourKey, HourRow

NONE: Final = Number(None)
EMPTY_HOUR: Final = (NONE,) * HOUR


@dataclass(frozen=True, slots=True)
class FoundHour:
    """
    An hour as it was when it was looked at; made into a row later, which takes ten times as long.

    Attributes:
        key: of the row.
        metric: its definition.
        raw: its minutes.
        known: how many of them are known.
    """

    key: HourKey
    metric: Metric
    raw: Sequence[Raw]
    known: int

    @property
    def row(self) -> HourRow:
        """The row."""
        return row_of(
            self.metric, [number_of(raw) if raw and at < self.known else NONE for at, raw in enumerate(self.raw)]
        )


def hours_of(metrics: LiveMetrics, tenant: str, hours: Iterable[Hour], now_minute: int) -> Iterator[FoundHour]:
    """Yield the hours of a tenant as they are now. Windows that end later than now are not known yet."""
    numbers, known = metrics.numbers(tenant), metrics.tenants.get(tenant)
    for hour in sorted(hours):
        first = hour * HOUR
        for at, metric in enumerate(metrics.plan.metrics):
            if first < metrics.known_from(metric):
                continue
            minutes = HOUR if metric.aggregation.additive else now_minute + 1 - first
            # What is left of a currency in no minute has to be removed from where it was.
            currencies = set(numbers.currencies(at)) | (known.currencies_seen[at] if known is not None else set())
            for currency in currencies:
                raw = numbers.raw_minutes(at, currency, first, first + HOUR - 1)
                yield FoundHour(HourKey(tenant, metric.name, currency, hour), metric, raw, minutes)


def row_of(metric: Metric, minutes: Sequence[Number]) -> HourRow:
    """Return an hour with these minutes, in which zeros are nothing."""
    kept = tuple(NONE if not each.value and not each.denominator else each for each in minutes)
    return HourRow(of_hour(metric, kept), kept)


def is_empty(row: HourRow) -> bool:
    """Return whether an hour holds nothing."""
    return all(each.value is None for each in row.minutes)


def changes_of(metrics: Sequence[Metric], tenant: str, old: Iterable[OldAmount]) -> dict[HourKey, list[Number]]:
    """Return what is added to hours that are not remembered: of counts and sums, which is all that can be added."""
    changes: dict[HourKey, list[Number]] = {}
    for each in old:
        metric = metrics[each.metric]
        if metric.aggregation.additive:
            key = HourKey(tenant, metric.name, each.currency, each.minute // HOUR)
            minutes = changes.setdefault(key, list(EMPTY_HOUR))
            amount = Decimal(each.amount if each.sign > 0 else -each.amount)
            minutes[each.minute % HOUR] = _added(minutes[each.minute % HOUR], Number(amount))
    return changes


def changed(metric: Metric, row: HourRow | None, change: Sequence[Number]) -> HourRow:
    """Return an hour of counts or sums after a change."""
    before = EMPTY_HOUR if row is None else row.minutes
    return row_of(metric, [_added(left, right) for left, right in zip(before, change, strict=True)])


def minutes_text(minutes: Iterable[Number]) -> str:
    """Return minutes as they are stored."""
    return ",".join(map(_text, minutes))


def minutes_from(text: str) -> tuple[Number, ...]:
    """Return minutes that `minutes_text` has written."""
    return tuple(map(_number, text.split(",")))


def by_minute(rows: Mapping[HourKey, HourRow]) -> Iterator[tuple[HourKey, int, Number]]:
    """Yield every known number of rows with its minute."""
    for key, row in rows.items():
        for at, number in enumerate(row.minutes):
            if number.value is not None:
                yield key, key.hour * HOUR + at, number


def past_rows_of(metrics: LiveMetrics, tenant: str) -> Iterator[tuple[HourKey, HourRow]]:
    """Yield what is known of the actors of hours that are not remembered any more, as far as it has changed."""
    plan = metrics.plan
    for hour, counts in metrics.tenants[tenant].past.take():
        first = hour * HOUR
        for metric in plan.metrics:
            if metric.aggregation in (Aggregation.DISTINCT_ACTORS, Aggregation.ACTOR_RATIO):
                raw = raw_actors(plan, metric, counts, first, first + HOUR - 1)
                row = row_of(metric, list(map(number_of, raw)))
                if first < metrics.known_from(metric) and not is_empty(row):
                    yield HourKey(tenant, metric.name, "", hour), row


def at_least(metric: Metric, row: HourRow | None, found: HourRow) -> HourRow:
    """Return an hour of actors after more of them were found: of both, for each minute, where more were seen."""
    if row is None:
        return found
    return row_of(metric, [max(pair, key=_seen) for pair in zip(row.minutes, found.minutes, strict=True)])


def _seen(number: Number) -> tuple[int, Decimal]:
    return number.denominator or 0, number.value or Decimal(0)


def _added(left: Number, right: Number) -> Number:
    if left.value is None or right.value is None:
        return left if right.value is None else right
    return Number(EXACT.add(left.value, right.value))


def _text(number: Number) -> str:
    if number.value is None:
        return ""
    return f"{number.value:f}" if number.denominator is None else f"{number.value:f}/{number.denominator}"


def _number(text: str) -> Number:
    if not text:
        return NONE
    value, slash, denominator = text.partition("/")
    return Number(Decimal(value), int(denominator) if slash else None)
