"""What paths are asked with, and what is wrong with it. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Final

from services.metrics.analytics.reports.asking import Known, Scope, Selection
from services.metrics.analytics.reports.checking import Checks

MOST_STEPS: Final = 5
MOST_NODES: Final = 30
MOST_EXCLUDED: Final = 50
USUAL_GAP: Final = timedelta(minutes=30)
_LONGEST_GAP: Final = timedelta(days=30)


class Direction(Enum):
    """Where a path leads from its anchor."""

    AFTER = "after"
    """To what came next."""
    BEFORE = "before"
    """Back to what came before."""


class Counted(Enum):
    """What is counted."""

    ACTORS = "actors"
    """Each actor once: the path from their first anchor of the period."""
    OCCURRENCES = "occurrences"
    """Each anchor of the period, so an event may be in several paths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """
    What actors did right after or right before an event.

    Only events of the period are looked at, of somebody, and none of those excluded. An actor's events follow each
    other in the order of time, those of one time by their names, and are in one session as long as no two neighbours
    are further apart than `gap`. The path of an anchor are the events after (or before) it in its session, other
    anchors among them, up to `depth`.

    Attributes:
        scope: see there.
        anchor: where paths begin; an event of a name.
        direction, counted: see there.
        depth: steps, 1 to 5.
        limit: of the events that stay apart at each step, 1 to 30: those that occur most, equal ones by name. All
            others are one group.
        gap: the longest between two events of a session, inclusive; 1 second to 30 days.
        collapse: events of one name right after each other in a session are one; an anchor and what is none are not.
        excluded: names of events that count as if they had not happened.
    """

    scope: Scope
    anchor: Selection
    direction: Direction = Direction.AFTER
    counted: Counted = Counted.ACTORS
    depth: int = 3
    limit: int = 10
    gap: timedelta = USUAL_GAP
    collapse: bool = False
    excluded: tuple[str, ...] = ()


def check_paths(asked: Paths, known: Known) -> None:
    """Raise InvalidRequest, naming every field that is wrong."""
    checks = Checks(known)
    checks.scope(asked.scope)
    checks.selection("anchor", asked.anchor, any_event=False)
    checks.number("depth", asked.depth, 1, MOST_STEPS)
    checks.number("limit", asked.limit, 1, MOST_NODES)
    if not timedelta(seconds=1) <= asked.gap <= _LONGEST_GAP:
        checks.add("gap", "must be 1 second to 30 days")
    if len(asked.excluded) > MOST_EXCLUDED:
        checks.add("excluded", f"may be {MOST_EXCLUDED} at most")
    for at, name in enumerate(asked.excluded[:MOST_EXCLUDED]):
        checks.event(f"excluded[{at}]", name)
        if name == asked.anchor.event:
            checks.add(f"excluded[{at}]", "is the anchor")
    checks.finish()
