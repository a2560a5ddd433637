"""How far the subscribers of one replica are, small enough to be shared often. Pure."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Final

MOST_LAGGING: Final = 100
"""Subscribers that are named in an answer."""

_MOST_REVISIONS: Final = 200

Lagging = tuple[int, str, str]
"""Applied revision, name and instance of a subscriber."""


class MalformedPresence(Exception):
    """What is stored is not a presence, perhaps of a newer version."""


@dataclass(frozen=True, slots=True)
class Presence:
    """
    The subscribers of one environment at one replica.

    `revisions` are (revision, how many have applied it and none above), newest first; when there are too many different
    ones the older are counted under the oldest. `slowest` are the subscribers with the lowest revisions.
    """

    lineage: str
    connected: int
    revisions: Sequence[tuple[int, int]]
    slowest: Sequence[Lagging]

    def applied(self, revision: int) -> int:
        """Return how many have applied `revision` or a newer one."""
        return sum(count for at, count in self.revisions if at >= revision)

    def lagging(self, revision: int) -> list[Lagging]:
        """Return those that have not applied `revision`, slowest first, as far as they are known by name."""
        return [each for each in self.slowest if each[0] < revision]

    def to_json(self) -> str:
        """Return the presence as text."""
        return json.dumps([self.lineage, self.connected, self.revisions, self.slowest])


def presence_of(lineage: str, subscribers: Iterable[Lagging]) -> Presence:
    """Return the presence of these subscribers."""
    everybody = list(subscribers)
    revisions = sorted(Counter([applied for applied, _, _ in everybody]).items(), reverse=True)
    if len(revisions) > _MOST_REVISIONS:
        newer, older = revisions[: _MOST_REVISIONS - 1], revisions[_MOST_REVISIONS - 1 :]
        revisions = [*newer, (older[-1][0], sum(count for _, count in older))]
    return Presence(lineage, len(everybody), revisions, nsmallest(MOST_LAGGING, everybody))


def presence_from_json(text: str | bytes) -> Presence:
    """Return the presence in a text; raise MalformedPresence."""
    try:
        lineage, connected, revisions, slowest = json.loads(text)
        return Presence(
            str(lineage),
            int(connected),
            [(int(revision), int(count)) for revision, count in revisions],
            [(int(applied), str(name), str(instance)) for applied, name, instance in slowest],
        )
    except (ValueError, TypeError) as error:
        raise MalformedPresence(str(error)) from None
