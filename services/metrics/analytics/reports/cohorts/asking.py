"""What is asked about cohorts themselves, and what is wrong with it. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.metrics.analytics.reports.asking import Cohort, Known, Scope
from services.metrics.analytics.reports.checking import Checks

MOST_MEMBERS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortSize:
    """
    How many actors are in a cohort, and how many of them were active.

    Attributes:
        scope: see there. Who has any of its events was active.
        cohort: see there.
    """

    scope: Scope
    cohort: Cohort


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortMembers:
    """
    Who is in a cohort, a page at a time, by their numbers.

    Attributes:
        scope: its tenant, its cohorts and the end of its period matter; events of its period and filters do not.
        cohort: see there.
        limit: of the page.
        after: the number of the last one of the page before; 0 for the first page.
    """

    scope: Scope
    cohort: Cohort
    limit: int = 100
    after: int = 0


@dataclass(frozen=True, slots=True)
class CohortSizeResult:
    """
    The size of a cohort.

    Attributes:
        members: who is in it.
        active: of them, who were active in the period.
        all_active: who was active in the period, in it or not.
        share: of those who were active, who is in it; None of nobody.
    """

    members: int
    active: int
    all_active: int
    share: float | None


@dataclass(frozen=True, slots=True)
class CohortMember:
    """
    Somebody in a cohort.

    Attributes:
        actor: their number in the store.
        tenant: whose user it is.
        user_id: the one of their latest event that names one; None when none does.
        first_seen, last_seen: their first and last event, of all history.
    """

    actor: int
    tenant: str
    user_id: str | None
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class CohortMembersResult:
    """A page of members, how many there are in all, and what `after` of the next page is; None on the last one."""

    members: tuple[CohortMember, ...]
    count: int
    next_after: int | None


def check_size(asked: CohortSize, known: Known) -> None:
    """Raise InvalidRequest, naming every field that is wrong."""
    checks = Checks(known)
    checks.scope(asked.scope)
    checks.cohort("cohort", asked.cohort)
    checks.finish()


def check_members(asked: CohortMembers, known: Known) -> None:
    """Raise InvalidRequest, naming every field that is wrong."""
    checks = Checks(known)
    checks.scope(asked.scope)
    checks.cohort("cohort", asked.cohort)
    checks.number("limit", asked.limit, 1, MOST_MEMBERS)
    checks.number("after", asked.after, 0, 2**63 - 1)
    checks.finish()
