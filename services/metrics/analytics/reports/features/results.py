"""What the use of features answers. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from services.metrics.analytics.reports.answers import Durations, Group, share
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
class FeatureUseGroup:
    """
    The use of features in a group of the breakdown.

    Attributes:
        group: see there.
        by_users, by_uses, used, users: see `FeatureUseResult`; shares are of the actors of the group.
    """

    group: Group
    by_users: tuple[Feature, ...]
    by_uses: tuple[Feature, ...]
    used: int
    users: int


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
        groups: of the breakdown, those with most events first, the others last.
        values: how many different values the breakdown has; None without a breakdown.
    """

    by_users: tuple[Feature, ...]
    by_uses: tuple[Feature, ...]
    used: int
    users: int
    unused: tuple[str, ...]
    never_used: tuple[str, ...]
    groups: tuple[FeatureUseGroup, ...] = ()
    values: int | None = None


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


def feature_use_result(
    asked: FeatureUse,
    tally: UseTally,
    used_before: Collection[str],
    groups: Sequence[tuple[Group, UseTally]] = (),
    values: int | None = None,
) -> FeatureUseResult:
    """
    Return the result.

    Args:
        asked: the question.
        tally: of all events.
        used_before: the events of all history up to the end of the period.
        groups: of the breakdown.
        values: how many different values it has.
    """
    whole = _group(asked, Group(None), tally)
    used = {event for event, (_, uses) in tally.counts.items() if uses}
    unused = tuple(sorted(set(asked.declared) - used))
    return FeatureUseResult(
        whole.by_users,
        whole.by_uses,
        whole.used,
        whole.users,
        unused,
        tuple(event for event in unused if event not in used_before),
        tuple(_group(asked, group, some) for group, some in groups),
        values,
    )


def _group(asked: FeatureUse, group: Group, tally: UseTally) -> FeatureUseGroup:
    declared = set(asked.declared)
    used = [
        Feature(event, users, uses, share(users, tally.users))
        for event, (users, uses) in tally.counts.items()
        if uses and (not declared or event in declared)
    ]
    return FeatureUseGroup(
        group,
        tuple(sorted(used, key=lambda each: (-each.users, -each.uses, each.event))[: asked.limit]),
        tuple(sorted(used, key=lambda each: (-each.uses, -each.users, each.event))[: asked.limit]),
        len(used),
        tally.users,
    )
