"""What a funnel is asked with, and what is wrong with it. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Final

from services.metrics.analytics.reports.asking import Breakdown, Known, Scope, Selection, Unit
from services.metrics.analytics.reports.checking import Checks

MOST_STEPS: Final = 32
MOST_EXCLUSIONS: Final = 8
MOST_PEOPLE: Final = 1_000
USUAL_WINDOW: Final = timedelta(days=7)
_LONGEST_WINDOW: Final = timedelta(days=366)


class Entry(Enum):
    """Which events of the first step may begin a chain."""

    ANY = "any"
    FIRST = "first"
    """The actor's first one in the period only."""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """
    Events that end chains: after the event of one step, and not later than that of another. Steps are counted from 1.

    A chain that has reached `after` and not `before` is ended by such an event within its window. Actors whose level is
    reached by ended chains only count in no step.
    """

    event: Selection
    after: int
    before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """
    How far actors get.

    The level of an actor is the greatest k for which there are k different events, each later than the one before or of
    the same time, that match steps 1 to k in their order, the last one at most `window` after the first. Only the first
    has to be in the period.

    Attributes:
        scope: see there.
        steps: 2 to 32, in order.
        window: from the first to the last event; whole microseconds, 1 second to 366 days, inclusive.
        entry: what may begin a chain.
        strict_order: an event that matches no step, or one whose step cannot be next, ends it for this actor.
        strict_deduplication: so does a step that was reached before; the first one may recur.
        strict_increase: events of one time are never two steps.
        exclusions: see there.
        breakdown: by a property of the chain's first event.
        unit: also answer by when chains began.
    """

    scope: Scope
    steps: tuple[Selection, ...]
    window: timedelta = USUAL_WINDOW
    entry: Entry = Entry.ANY
    strict_order: bool = False
    strict_deduplication: bool = False
    strict_increase: bool = False
    exclusions: tuple[Exclusion, ...] = ()
    breakdown: Breakdown | None = None
    unit: Unit | None = None


@dataclass(frozen=True, slots=True)
class FunnelPeople:
    """
    Who reached a step of a funnel, counted from 1; with `dropped` only those who got no further. The latest ones come
    first, `limit` at most.
    """

    funnel: Funnel
    step: int
    dropped: bool = True
    limit: int = 100

    @property
    def scope(self) -> Scope:
        """That of the funnel."""
        return self.funnel.scope


def check_funnel(funnel: Funnel, known: Known) -> None:
    """Raise InvalidRequest, naming every field that is wrong."""
    checks = Checks(known)
    _check(checks, funnel)
    checks.finish()


def check_people(asked: FunnelPeople, known: Known) -> None:
    """Raise InvalidRequest, naming every field that is wrong."""
    checks = Checks(known)
    _check(checks, asked.funnel)
    checks.number("step", asked.step, 1, max(len(asked.funnel.steps), 1))
    checks.number("limit", asked.limit, 1, MOST_PEOPLE)
    checks.finish()


def _check(checks: Checks, funnel: Funnel) -> None:
    checks.scope(funnel.scope)
    if not 2 <= len(funnel.steps) <= MOST_STEPS:
        checks.add("steps", f"must be 2 to {MOST_STEPS}, in their order")
    for at, step in enumerate(funnel.steps[:MOST_STEPS]):
        checks.selection(f"steps[{at}]", step, any_event=False)
    if funnel.window < timedelta(seconds=1) or funnel.window > _LONGEST_WINDOW:
        checks.add("window", "must be 1 second to 366 days")
    _check_strictness(checks, funnel)
    _check_exclusions(checks, funnel)
    checks.breakdown(funnel.breakdown)
    if funnel.unit is not None:
        checks.buckets(funnel.scope, funnel.unit)


def _check_strictness(checks: Checks, funnel: Funnel) -> None:
    names = [step.event for step in funnel.steps]
    for field in ("strict_order", "strict_deduplication"):
        if getattr(funnel, field):
            if len(set(names)) < len(names):
                checks.add(field, "has no meaning when an event is in two steps")
            if funnel.exclusions:
                checks.add(field, "cannot be combined with exclusions")
    if funnel.strict_increase and funnel.exclusions:
        checks.add("strict_increase", "cannot be combined with exclusions")


def _check_exclusions(checks: Checks, funnel: Funnel) -> None:
    names = [step.event for step in funnel.steps]
    if len(funnel.exclusions) > MOST_EXCLUSIONS:
        checks.add("exclusions", f"may be {MOST_EXCLUSIONS} at most")
    if funnel.exclusions and len(set(names)) < len(names):
        checks.add("exclusions", "have no meaning when an event is in two steps")
    for at, exclusion in enumerate(funnel.exclusions[:MOST_EXCLUSIONS]):
        checks.selection(f"exclusions[{at}].event", exclusion.event, any_event=False)
        if exclusion.event.event in names:
            checks.add(f"exclusions[{at}].event", "is a step as well")
        if not 1 <= exclusion.after < exclusion.before <= len(funnel.steps):
            checks.add(f"exclusions[{at}]", f"after and before must be in order, within 1 and {len(funnel.steps)}")
