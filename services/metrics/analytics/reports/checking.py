"""What is wrong with a question: every problem names its field. Pure."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mirante.evaluation.model import Violation

from services.metrics.analytics.reports.asking import (
    CONTEXT_COLUMNS,
    Breakdown,
    Filter,
    Known,
    Operator,
    Origin,
    Property,
    Scope,
    Selection,
    Unit,
)
from services.runtime.errors import InvalidRequest

MOST_FILTERS: Final = 20
MOST_FILTER_VALUES: Final = 100
MOST_GROUPS: Final = 50
MOST_BUCKETS: Final = 1_000
LONGEST_PERIOD: Final = timedelta(days=1_096)
_LONGEST_TEXT: Final = 1_000
_EARLIEST: Final = datetime(1971, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9999, 1, 1, tzinfo=UTC)
_NUMERIC: Final = (Operator.MORE, Operator.LESS)
_WITHOUT_VALUES: Final = (Operator.PRESENT, Operator.ABSENT)


class Checks:
    """Gathers what is wrong with a question, against the names that there are."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._found: list[Violation] = []

    def add(self, field: str, problem: str) -> None:
        """Note a problem."""
        self._found.append(Violation(field, problem))

    def finish(self) -> None:
        """Raise InvalidRequest with all problems; nothing when there is none."""
        if self._found:
            raise InvalidRequest(self._found)

    def scope(self, scope: Scope) -> None:
        """Look at what all reports have."""
        for name, moment in (("start", scope.start), ("end", scope.end)):
            if moment.tzinfo is None:
                self.add(f"scope.{name}", "needs a time zone")
                return
            if not _EARLIEST <= moment <= _LATEST:
                self.add(f"scope.{name}", "must be in the years 1971 to 9998")
        if scope.end <= scope.start:
            self.add("scope.end", "must be after scope.start")
        elif scope.end - scope.start > LONGEST_PERIOD:
            self.add("scope.end", f"may be {LONGEST_PERIOD.days} days after scope.start at most")
        if not is_zone(scope.time_zone):
            self.add("scope.time_zone", "is no time zone of the IANA database, such as America/Sao_Paulo")
        self.filters("scope.filters", scope.filters)

    def buckets(self, scope: Scope, unit: Unit, field: str = "unit") -> None:
        """Look at whether a period has too many buckets."""
        if not is_zone(scope.time_zone) or scope.start.tzinfo is None or scope.end.tzinfo is None:
            return
        hours = (scope.end - scope.start) / timedelta(hours=1)
        if unit is Unit.HOUR and hours > MOST_BUCKETS:
            self.add(field, f"would make more than {MOST_BUCKETS} buckets of this period")

    def selection(self, field: str, selection: Selection, *, any_event: bool = True) -> None:
        """Look at a choice of events."""
        if selection.event is None:
            if not any_event:
                self.add(f"{field}.event", "is required")
        else:
            self.event(f"{field}.event", selection.event)
        self.filters(f"{field}.filters", selection.filters)

    def event(self, field: str, name: str) -> None:
        """Look at the name of an event."""
        if not name:
            self.add(field, "is required")
        elif self._known.events is not None and name not in self._known.events:
            self.add(field, f"there is no event {name!r}{_like(name, self._known.events)}")

    def filters(self, field: str, filters: Sequence[Filter]) -> None:
        """Look at conditions."""
        if len(filters) > MOST_FILTERS:
            self.add(field, f"may be {MOST_FILTERS} at most")
        for at, each in enumerate(filters[:MOST_FILTERS]):
            path = f"{field}[{at}]"
            self.property(f"{path}.property", each.property)
            for problem in _value_problems(each):
                self.add(f"{path}.values", problem)

    def property(self, field: str, asked: Property) -> None:
        """Look at a property."""
        if asked.origin is Origin.CONTEXT:
            if asked.name not in CONTEXT_COLUMNS:
                self.add(
                    field, f"there is no {asked.name!r} where events happen; there are {', '.join(CONTEXT_COLUMNS)}"
                )
        elif not asked.name or len(asked.name.encode()) > 100 or "\x00" in asked.name:
            self.add(field, "must have 1 to 100 bytes, none of them NUL")
        elif self._known.properties is not None and asked.name not in self._known.properties:
            self.add(field, f"no event has a property {asked.name!r}{_like(asked.name, self._known.properties)}")

    def breakdown(self, breakdown: Breakdown | None) -> None:
        """Look at a breakdown."""
        if breakdown is not None:
            self.property("breakdown.property", breakdown.property)
            self.number("breakdown.limit", breakdown.limit, 1, MOST_GROUPS)

    def number(self, field: str, value: int, least: int, most: int) -> None:
        """Look at a whole number."""
        if not least <= value <= most:
            self.add(field, f"must be {least} to {most}")


def is_zone(name: str) -> bool:
    """Return whether there is a time zone of this name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _like(name: str, names: Collection[str]) -> str:
    similar = get_close_matches(name, list(names), 1)
    return f"; did you mean {similar[0]!r}?" if similar else ""


def _value_problems(asked: Filter) -> Iterator[str]:
    count = len(asked.values)
    if asked.operator in _WITHOUT_VALUES:
        if count:
            yield f"have no meaning for {asked.operator.value!r}"
        return
    if not 1 <= count <= (1 if asked.operator in _NUMERIC else MOST_FILTER_VALUES):
        most = "exactly one" if asked.operator in _NUMERIC else f"1 to {MOST_FILTER_VALUES}"
        yield f"must be {most}"
    for value in asked.values[:MOST_FILTER_VALUES]:
        if len(value) > _LONGEST_TEXT or "\x00" in value:
            yield f"have {_LONGEST_TEXT} characters at most, none of them NUL"
        elif asked.operator in _NUMERIC and not _is_number(value):
            yield "must be a decimal number"


def _is_number(text: str) -> bool:
    try:
        return abs(float(text)) < 1e300 and "_" not in text
    except ValueError:
        return False
