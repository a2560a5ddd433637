"""Which events conditions of cohorts look at. Pure."""

from typing import Final

from services.metrics.analytics.reports.asking import EVERY_EVENT, Cohort, Condition, Did, FirstDid, Selection
from services.metrics.analytics.reports.local_time import DAY, instant

BEGINNING: Final = 0
END: Final = 2**62
"""Beyond the times of all events, microseconds since 1970."""


def times_of(condition: Did | FirstDid, end_us: int) -> tuple[int, int]:
    """Return from when on, and before when, a condition looks; `end_us` is the end of the question's period."""
    if condition.days is not None:
        return end_us - condition.days * DAY, end_us
    start = BEGINNING if condition.start is None else instant(condition.start)
    return start, END if condition.end is None else instant(condition.end)


def selections_of(cohort: Cohort) -> tuple[Selection, ...]:
    """
    Return the events that have to be looked at: one selection for each condition that has one, in their order; and all
    events where a condition may hold for actors without any of those.
    """
    some = tuple(each.selection for each in cohort.conditions if isinstance(each, Did | FirstDid))
    needs = [_needs_events(each) for each in cohort.conditions]
    enough = all(needs) if cohort.any else any(needs)
    return some if enough else (*some, EVERY_EVENT)


def _needs_events(condition: Condition) -> bool:
    return isinstance(condition, FirstDid) or (isinstance(condition, Did) and condition.least > 0)
