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
    Cohort,
    Did,
    Filter,
    FirstDid,
    HasTrait,
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
MOST_COHORTS: Final = 5
MOST_CONDITIONS: Final = 10
MOST_ACTORS: Final = 10_000
MOST_TIMES: Final = 1_000_000_000
MOST_BUCKETS: Final = 1_000
LONGEST_PERIOD: Final = timedelta(days=1_096)
_LONGEST_TEXT: Final = 1_000
_MOST_GUESSES: Final = 5
_LONGEST_GUESSED: Final = 100
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
        if len(scope.cohorts) > MOST_COHORTS:
            self.add("scope.cohorts", f"may be {MOST_COHORTS} at most")
        for at, each in enumerate(scope.cohorts[:MOST_COHORTS]):
            self.cohort(f"scope.cohorts[{at}]", each.cohort)

    def cohort(self, field: str, cohort: Cohort) -> None:
        """Look at a definition."""
        if not 1 <= len(cohort.conditions) <= MOST_CONDITIONS:
            self.add(f"{field}.conditions", f"must be 1 to {MOST_CONDITIONS}")
        for at, condition in enumerate(cohort.conditions[:MOST_CONDITIONS]):
            path = f"{field}.conditions[{at}]"
            # By their names in questions, where each kind of condition has a message of its own.
            if isinstance(condition, Did | FirstDid):
                self._did(f"{path}.did" if isinstance(condition, Did) else f"{path}.first_did", condition)
            elif isinstance(condition, HasTrait):
                self._filter(f"{path}.trait", condition.filter)
                if condition.filter.property.origin is not Origin.TRAIT:
                    self.add(f"{path}.trait.property", "must be a trait")
            elif not 1 <= len(condition.actors) <= MOST_ACTORS:
                self.add(f"{path}.actors.actors", f"must be 1 to {MOST_ACTORS}")

    def _did(self, path: str, condition: Did | FirstDid) -> None:
        self.selection(f"{path}.selection", condition.selection)
        moments = [each for each in (condition.start, condition.end) if each is not None]
        if condition.days is not None:
            self.number(f"{path}.days", condition.days, 1, LONGEST_PERIOD.days)
            if moments:
                self.add(f"{path}.days", "cannot be combined with start and end")
        for name, moment in (("start", condition.start), ("end", condition.end)):
            if moment is not None and moment.tzinfo is None:
                self.add(f"{path}.{name}", "needs a time zone")
                return
            if moment is not None and not _EARLIEST <= moment <= _LATEST:
                self.add(f"{path}.{name}", "must be in the years 1971 to 9998")
        if len(moments) > 1 and moments[1] <= moments[0]:
            self.add(f"{path}.end", "must be after start")
        if isinstance(condition, Did):
            self.number(f"{path}.at_least", condition.least, 0, MOST_TIMES)
            if condition.most is not None:
                self.number(f"{path}.at_most", condition.most, condition.least, MOST_TIMES)

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
        elif "\x00" in name:
            self.add(field, "may hold no NUL")
        elif self._known.events is not None and name not in self._known.events:
            self.add(field, f"there is no event {_shown(name)}{self._like(name, self._known.events)}")

    def filters(self, field: str, filters: Sequence[Filter]) -> None:
        """Look at conditions."""
        if len(filters) > MOST_FILTERS:
            self.add(field, f"may be {MOST_FILTERS} at most")
        for at, each in enumerate(filters[:MOST_FILTERS]):
            self._filter(f"{field}[{at}]", each)

    def _filter(self, path: str, asked: Filter) -> None:
        self.property(f"{path}.property", asked.property)
        for problem in _value_problems(asked):
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
        elif asked.origin is Origin.TRAIT:
            if self._known.traits is not None and asked.name not in self._known.traits:
                self.add(field, f"nobody has a trait {asked.name!r}{self._like(asked.name, self._known.traits)}")
        elif self._known.properties is not None and asked.name not in self._known.properties:
            self.add(field, f"no event has a property {asked.name!r}{self._like(asked.name, self._known.properties)}")

    def breakdown(self, breakdown: Breakdown | None) -> None:
        """Look at a breakdown."""
        if breakdown is not None:
            self.property("breakdown.property", breakdown.property)
            self.number("breakdown.limit", breakdown.limit, 1, MOST_GROUPS)

    def number(self, field: str, value: int, least: int, most: int) -> None:
        """Look at a whole number."""
        if not least <= value <= most:
            self.add(field, f"must be {least} to {most}")

    def _like(self, name: str, names: Collection[str]) -> str:
        # Looking takes long where there are many names: it is done for the first few mistakes.
        if len(self._found) >= _MOST_GUESSES or len(name) > _LONGEST_GUESSED:
            return ""
        similar = get_close_matches(name, list(names), 1)
        return f"; did you mean {similar[0]!r}?" if similar else ""


def is_zone(name: str) -> bool:
    """Return whether there is a time zone of this name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _shown(name: str) -> str:
    return repr(name if len(name) <= _LONGEST_GUESSED else f"{name[:_LONGEST_GUESSED]}...")


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
