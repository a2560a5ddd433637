"""What questions are made of, from messages: properties, filters, choices of events, breakdowns, units. Pure."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import Enum
from typing import Any, Final, TypeVar

from google.protobuf.duration_pb2 import Duration
from mirante.api.metrics.v1 import event_selection_pb2, report_scope_pb2

from services.metrics.analytics.reports.asking import (
    EVERY_EVENT,
    Breakdown,
    Filter,
    Operator,
    Origin,
    Property,
    Selection,
    Unit,
)
from services.runtime.errors import InvalidRequest

_USUAL_GROUPS: Final = 10
_LONGEST_SECONDS: Final = 10**9

ORIGINS: Final = {
    event_selection_pb2.PROPERTY_ORIGIN_UNSPECIFIED: Origin.EVENT,
    event_selection_pb2.PROPERTY_ORIGIN_CONTEXT: Origin.CONTEXT,
    event_selection_pb2.PROPERTY_ORIGIN_TRAIT: Origin.TRAIT,
}
OPERATORS: Final = {
    event_selection_pb2.FILTER_OPERATOR_UNSPECIFIED: Operator.IS,
    event_selection_pb2.FILTER_OPERATOR_IS: Operator.IS,
    event_selection_pb2.FILTER_OPERATOR_IS_NOT: Operator.IS_NOT,
    event_selection_pb2.FILTER_OPERATOR_CONTAINS: Operator.CONTAINS,
    event_selection_pb2.FILTER_OPERATOR_MORE: Operator.MORE,
    event_selection_pb2.FILTER_OPERATOR_LESS: Operator.LESS,
    event_selection_pb2.FILTER_OPERATOR_PRESENT: Operator.PRESENT,
    event_selection_pb2.FILTER_OPERATOR_ABSENT: Operator.ABSENT,
}
UNITS: Final = {
    report_scope_pb2.CALENDAR_UNIT_HOUR: Unit.HOUR,
    report_scope_pb2.CALENDAR_UNIT_DAY: Unit.DAY,
    report_scope_pb2.CALENDAR_UNIT_WEEK: Unit.WEEK,
    report_scope_pb2.CALENDAR_UNIT_MONTH: Unit.MONTH,
}

Member = TypeVar("Member", bound=Enum)


def member_of(members: Mapping[Any, Member], number: int, field: str) -> Member:
    """Return what a number of an enum means; raise InvalidRequest when it is none that is known."""
    found = members.get(number)
    if found is None:
        raise InvalidRequest.of(field, f"is {number}, which this version does not know")
    return found


def property_of(message: event_selection_pb2.EventProperty, field: str) -> Property:
    """Return a property."""
    return Property(message.name, member_of(ORIGINS, message.origin, f"{field}.origin"))


def optional_property(message: Any, name: str, usual: Property) -> Property:
    """Return the property in a field of a question; the usual one when it is not set."""
    return property_of(getattr(message, name), name) if message.HasField(name) else usual


def filters_of(messages: Iterable[event_selection_pb2.PropertyFilter], field: str) -> tuple[Filter, ...]:
    """Return conditions."""
    return tuple(filter_of(message, f"{field}[{at}]") for at, message in enumerate(messages))


def filter_of(message: event_selection_pb2.PropertyFilter, field: str) -> Filter:
    """Return a condition."""
    operator = member_of(OPERATORS, message.operator, f"{field}.operator")
    return Filter(property_of(message.property, f"{field}.property"), operator, tuple(message.values))


def selection_of(message: event_selection_pb2.EventSelection, field: str) -> Selection:
    """Return a choice of events."""
    return Selection(message.event or None, filters_of(message.filters, f"{field}.filters"))


def optional_selection(message: Any, name: str, usual: Selection = EVERY_EVENT) -> Selection:
    """Return the choice in a field of a question; the usual one when it is not set."""
    return selection_of(getattr(message, name), name) if message.HasField(name) else usual


def breakdown_of(message: Any) -> Breakdown | None:
    """Return the breakdown of a question; None without one."""
    if not message.HasField("breakdown"):
        return None
    asked = message.breakdown
    return Breakdown(property_of(asked.property, "breakdown.property"), asked.limit or _USUAL_GROUPS)


def unit_of(number: int, usual: Unit, field: str = "unit") -> Unit:
    """Return a unit; the usual one when none is said."""
    return member_of(UNITS, number, field) if number else usual


def optional_unit(number: int) -> Unit | None:
    """Return the unit of a question; None when none is said."""
    return member_of(UNITS, number, "unit") if number else None


def optional_length(message: Any, name: str, usual: timedelta) -> timedelta:
    """Return the duration in a field of a question, cut to microseconds; the usual one when it is not set."""
    return length_of(getattr(message, name), name) if message.HasField(name) else usual


def length_of(message: Duration, field: str) -> timedelta:
    """Return a duration, cut to microseconds; raise InvalidRequest when it is absurd."""
    if abs(message.seconds) > _LONGEST_SECONDS or abs(message.nanos) >= 10**9:
        raise InvalidRequest.of(field, "is no such duration")
    return timedelta(seconds=message.seconds, microseconds=message.nanos // 1_000)
