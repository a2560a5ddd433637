"""What an event of a name has to do with which metric: worked out once for each name."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

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


@dataclass(frozen=True, slots=True)
class NamePlan:
    """
    What is done with the events of one name: positions of actor sets and of metrics, and what is taken back.

    Of an actor set also whether it goes by the time of receipt, and its selection if properties have to be looked at.
    """

    sets: tuple[tuple[int, bool, Selection | None], ...]
    amounts: tuple[tuple[int, Metric], ...]
    takes_back: tuple[tuple[int, TakeBack], ...]


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
                (at, each)
                for at, each in enumerate(self.metrics)
                if not _of_actors(each) and _may_take(each.selection, name)
            ),
            tuple((at, each) for at, each in enumerate(self.take_backs) if each.event == name),
        )


def selects(selection: Selection, properties: Properties) -> bool:
    """Return whether an event, whose name fits, has the wanted properties."""
    return all(text_of(properties, name) == wanted for name, wanted in selection.where)


def amount_of(metric: Metric, properties: Properties) -> tuple[Amount, str] | None:
    """Return what an event adds to a metric (a percentile: its cell) and the currency; None when it is unreadable."""
    if metric.aggregation is Aggregation.COUNT:
        return 1, ""
    if metric.amount not in properties:
        return None
    value = properties[metric.amount]
    if metric.aggregation is Aggregation.PERCENTILE:
        measurement = _number(value)
        return None if measurement is None else (cell_of(measurement), "")
    amount = _decimal(value)
    if amount is None:
        return None
    if not metric.currency:
        return amount, ""
    currency = text_of(properties, metric.currency)
    return (amount, currency) if currency is not None and _CURRENCY.fullmatch(currency) else None


def text_of(properties: Properties, name: str) -> str | None:
    """Return a property as a text; None when there is none that can be one."""
    if name not in properties:
        return None
    value = properties[name]
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return value.string_value
    if kind == "int_value":
        return str(value.int_value)
    if kind == "bool_value":
        return "true" if value.bool_value else "false"
    return None


def _decimal(value: Value) -> Decimal | None:
    kind = value.WhichOneof("kind")
    if kind == "int_value":
        return Decimal(value.int_value)
    if kind == "string_value" and _DECIMAL.fullmatch(value.string_value):
        return Decimal(value.string_value)
    return None  # a double is no amount of money


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
