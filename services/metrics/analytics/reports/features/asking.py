"""What the use of features is asked with, and what is wrong with it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.metrics.analytics.reports.asking import EVERY_EVENT, Breakdown, Known, Scope, Selection
from services.metrics.analytics.reports.checking import Checks

MOST_DECLARED: Final = 2_000
MOST_LISTED: Final = 200
MOST_FEATURES: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureUse:
    """
    Which features are used most, and which are not. A feature is an event.

    Attributes:
        scope: see there.
        declared: the features there are; none means whatever events there are.
        limit: of the lists of those used most.
        breakdown: by a property of events.
    """

    scope: Scope
    declared: tuple[str, ...] = ()
    limit: int = 10
    breakdown: Breakdown | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstUse:
    """
    How long it takes until a feature is used first.

    Attributes:
        scope: actors whose first event of `since`, of all history, is in the period. Uses may come after it.
        features: events.
        since: where the time begins.
    """

    scope: Scope
    features: tuple[str, ...]
    since: Selection = EVERY_EVENT


def check_feature_use(asked: FeatureUse, known: Known) -> None:
    """Raise InvalidRequest, naming every field that is wrong."""
    checks = Checks(known)
    checks.scope(asked.scope)
    _check_names(checks, "declared", asked.declared, MOST_DECLARED)
    checks.number("limit", asked.limit, 1, MOST_LISTED)
    checks.breakdown(asked.breakdown)
    checks.finish()


def check_first_use(asked: FirstUse, known: Known) -> None:
    """Raise InvalidRequest, naming every field that is wrong."""
    checks = Checks(known)
    checks.scope(asked.scope)
    if not asked.features:
        checks.add("features", "are required")
    _check_names(checks, "features", asked.features, MOST_FEATURES)
    for at, name in enumerate(asked.features[:MOST_FEATURES]):
        checks.event(f"features[{at}]", name)
    checks.selection("since", asked.since)
    checks.finish()


def _check_names(checks: Checks, field: str, names: Sequence[str], most: int) -> None:
    if len(names) > most:
        checks.add(field, f"may be {most} at most")
    if len(set(names)) < len(names):
        checks.add(field, "names one twice")
