"""What an event of a name has to do with which metric: worked out once for each name."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from mirante.api.common.v1.value_pb2 import Value

from services.metrics.definitions import Aggregation, Clock, Metric, Metrics, Selection, TakeBack
from services.metrics.live.amounts import Amount, cell_of

MOST_NAMES: Final = 10_000

_DECIMAL: Final = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,10})?", re.ASCII)
_CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)
_LARGEST_MEASUREMENT: Final = 1e9

Properties = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class ActorSet:
    """Actors who were seen in events, and the widths of the windows in which they are counted."""

    selection: Selection
    widths: tuple[int, ...]


class Adding(NamedTuple):
    """
    To which metric events add, by its position; and the position of what takes it back, with the property that says
    what: -1 and "" for none.
    """

    at: int
    metric: Metric
    by_receipt: bool
    take_back: int
    key: str


@dataclass(frozen=True, slots=True)
class NamePlan:
    """
    What is done with the events of one name: positions of actor sets and of metrics, and what is taken back.

    Of an actor set also whether it goes by the time of receipt, and its selection if properties have to be looked at.
    """

    sets: tuple[tuple[int, bool, Selection | None], ...]
    amounts: tuple[Adding, ...]
    takes_back: tuple[tuple[int, TakeBack], ...]

    @property
    def only_sees(self) -> bool:
        """Whether an event only says that its actor was seen."""
        return not self.amounts and not self.takes_back

    @property
    def sees_by_properties(self) -> bool:
        """Whether properties say by which actor sets an actor was seen."""
        return any(selection is not None for _, _, selection in self.sets)


class Texts:
    """Properties of an event as texts, each looked up once."""

    __slots__ = ("_known", "properties")

    def __init__(self, properties: Properties) -> None:
        self.properties = properties
        self._known: dict[str, str | None] = {}

    def of(self, name: str) -> str | None:
        """Return a property as a text; None when there is none that can be one."""
        known = self._known
        if name not in known:
            known[name] = text_of(self.properties, name)
        return known[name]


class Plan:
    """
    The definitions, prepared for events.

    Attributes:
        metrics: in their order; what metrics keep is kept by position.
        sets: of actors; metrics that look at the same actors share one.
        take_backs: what is undone by what; metrics with the same share one.
    """

    def __init__(self, metrics: Metrics) -> None:
        self.metrics = tuple(metrics.values())
        self.sets = tuple(_actor_sets(self.metrics))
        self.take_backs = tuple(dict.fromkeys(each.take_back for each in self.metrics if each.take_back is not None))
        self._names: dict[str, NamePlan] = {}

    def of(self, name: str) -> NamePlan:
        """Return what is done with events of a name."""
        plan = self._names.get(name)
        if plan is None:
            if len(self._names) >= MOST_NAMES:
                self._names.clear()
            plan = self._names[name] = self._plan(name)
        return plan

    def set_of(self, selection: Selection) -> int:
        """Return the position of the actors of a selection."""
        return next(position for position, each in enumerate(self.sets) if each.selection == selection)

    def _plan(self, name: str) -> NamePlan:
        return NamePlan(
            tuple(
                (at, each.selection.clock is Clock.RECEIVED, each.selection if each.selection.where else None)
                for at, each in enumerate(self.sets)
                if _may_take(each.selection, name)
            ),
            tuple(
                Adding(
                    at,
                    each,
                    each.selection.clock is Clock.RECEIVED,
                    -1 if each.take_back is None else self.take_backs.index(each.take_back),
                    "" if each.take_back is None else each.take_back.key,
                )
                for at, each in enumerate(self.metrics)
                if not _of_actors(each) and _may_take(each.selection, name)
            ),
            tuple((at, each) for at, each in enumerate(self.take_backs) if each.event == name),
        )


def selects(selection: Selection, texts: Texts) -> bool:
    """Return whether an event, whose name fits, has the wanted properties."""
    for name, wanted in selection.where:  # noqa: SIM110 - a generator costs more than what it does
        if texts.of(name) != wanted:
            return False
    return True


def amount_of(metric: Metric, texts: Texts) -> tuple[Amount, str] | None:
    """Return what an event adds to a metric (a percentile: its cell) and the currency; None when it is unreadable."""
    if metric.aggregation is Aggregation.COUNT:
        return 1, ""
    value = texts.properties.get(metric.amount)
    if value is None:
        return None
    if metric.aggregation is Aggregation.PERCENTILE:
        measurement = _number(value)
        return None if measurement is None else (cell_of(measurement), "")
    amount = _decimal(value)
    if amount is None:
        return None
    if not metric.currency:
        return amount, ""
    currency = texts.of(metric.currency)
    return (amount, currency) if currency is not None and _is_currency(currency) else None


def text_of(properties: Properties, name: str) -> str | None:
    """Return a property as a text; None when there is none that can be one."""
    value = properties.get(name)
    if value is None:
        return None
    text = value.string_value
    if text:
        return text  # what nearly all are
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return ""
    if kind == "int_value":
        return str(value.int_value)
    if kind == "bool_value":
        return "true" if value.bool_value else "false"
    return None


def _decimal(value: Value) -> Decimal | None:
    text = value.string_value
    if text:
        return _read_decimal(text)
    # A double is no amount of money.
    return Decimal(value.int_value) if value.WhichOneof("kind") == "int_value" else None


@lru_cache(maxsize=10_000)
def _read_decimal(text: str) -> Decimal | None:
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


@lru_cache(maxsize=1_000)
def _is_currency(text: str) -> bool:
    return _CURRENCY.fullmatch(text) is not None


def _number(value: Value) -> float | None:
    kind = value.WhichOneof("kind")
    if kind == "double_value":
        number = value.double_value
    elif kind == "int_value":
        number = float(value.int_value)
    elif kind == "string_value" and _DECIMAL.fullmatch(value.string_value):
        number = float(value.string_value)
    else:
        return None
    return number if 0 <= number <= _LARGEST_MEASUREMENT else None


def _of_actors(metric: Metric) -> bool:
    return metric.aggregation in (Aggregation.DISTINCT_ACTORS, Aggregation.ACTOR_RATIO)


def _may_take(selection: Selection, name: str) -> bool:
    return not selection.events or name in selection.events


def _actor_sets(metrics: Iterable[Metric]) -> list[ActorSet]:
    widths: dict[Selection, set[int]] = {}
    for metric in metrics:
        if _of_actors(metric):
            widths.setdefault(metric.selection, set()).add(metric.window)
            if metric.of is not None:
                widths.setdefault(metric.of, set()).add(metric.window)
    return [ActorSet(selection, tuple(sorted(found))) for selection, found in widths.items()]
