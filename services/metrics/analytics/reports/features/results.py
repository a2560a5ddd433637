"""What the use of features answers. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from services.metrics.analytics.reports.answers import Durations, share
from services.metrics.analytics.reports.features.asking import FeatureUse


@dataclass(frozen=True, slots=True)
class Feature:
    """
    A feature.

    Attributes:
        event: its name.
        users: different actors who used it.
        uses: how often it was used, by nobody in particular too.
        share: of the actors who did anything in the period, who used it; None when there were none.
    """

    event: str
    users: int
    uses: int
    share: float | None


@dataclass(frozen=True, slots=True)
class FeatureUseResult:
    """
    The use of features.

    Attributes:
        by_users, by_uses: those used most; equal ones by name.
        used: how many features were used.
        users: how many different actors did anything.
        unused: declared ones that were not used in the period.
        never_used: those of them that were not used before either.
    """

    by_users: tuple[Feature, ...]
    by_uses: tuple[Feature, ...]
    used: int
    users: int
    unused: tuple[str, ...]
    never_used: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FirstUseResult:
    """Times to the first use of features, of so many actors who began in the period."""

    actors: int
    features: tuple["FeatureStart", ...]


@dataclass(frozen=True, slots=True)
class FeatureStart:
    """
    How a feature was taken up.

    Attributes:
        event: its name.
        users: of the actors who began, who have used it since.
        share: theirs among those; None when there are none.
        time: from the beginning to the first use.
    """

    event: str
    users: int
    share: float | None
    time: Durations | None


@dataclass(frozen=True, slots=True)
class UseTally:
    """What an engine counted: users and uses by event, and how many different actors there are."""

    counts: Mapping[str, tuple[int, int]]
    users: int


def feature_use_result(asked: FeatureUse, tally: UseTally, used_before: Collection[str]) -> FeatureUseResult:
    """Return the result; `used_before` holds the events of all history up to the end of the period."""
    declared = set(asked.declared)
    used = [
        Feature(event, users, uses, share(users, tally.users))
        for event, (users, uses) in tally.counts.items()
        if uses and (not declared or event in declared)
    ]
    names = {feature.event for feature in used}
    unused = tuple(sorted(declared - names))
    return FeatureUseResult(
        tuple(sorted(used, key=lambda each: (-each.users, -each.uses, each.event))[: asked.limit]),
        tuple(sorted(used, key=lambda each: (-each.uses, -each.users, each.event))[: asked.limit]),
        len(used),
        tally.users,
        unused,
        tuple(event for event in unused if event not in used_before),
    )
