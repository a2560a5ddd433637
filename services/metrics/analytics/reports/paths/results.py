"""What paths answer, put together from counts. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from services.metrics.analytics.reports.answers import Group, largest, share
from services.metrics.analytics.reports.paths.asking import Paths

ENDED = ""
"""In place of the name of an event: there is none any more."""


@dataclass(frozen=True, slots=True)
class PathNode:
    """
    Paths with an event at a step.

    Attributes:
        event: its name, or all others.
        count: of paths.
        share: theirs of all paths; None when there are none.
    """

    event: Group
    count: int
    share: float | None


@dataclass(frozen=True, slots=True)
class PathStep:
    """
    A step.

    Attributes:
        step: counted from 1, away from the anchor.
        nodes: by count, the others last.
        ended: paths that ended with the step before.
        events: how many different ones there are at this step.
    """

    step: int
    nodes: tuple[PathNode, ...]
    ended: int
    events: int


@dataclass(frozen=True, slots=True)
class PathLink:
    """Paths that lead from a node of the step before, None for the anchor, to one of this step."""

    step: int
    source: Group | None
    target: Group
    count: int


@dataclass(frozen=True, slots=True)
class PathsResult:
    """The number of paths (of actors, or of anchors), their steps, and how nodes of neighbouring steps are linked."""

    paths: int
    steps: tuple[PathStep, ...]
    links: tuple[PathLink, ...]


class Hop(NamedTuple):
    """From one event to the next one of a path; `step` is that of the latter. The anchor has no name."""

    step: int
    source: str
    target: str


def paths_result(asked: Paths, hops: Mapping[Hop, int]) -> PathsResult:
    """Return the result of counts of hops; those that lead to `ENDED` are among them."""
    paths = sum(count for hop, count in hops.items() if hop.step == 1)
    at: list[Counter[str | None]] = [Counter() for _ in range(asked.depth + 1)]
    ended = [0] * (asked.depth + 1)
    for hop, count in hops.items():
        if hop.target == ENDED:
            ended[hop.step] += count
        else:
            at[hop.step][hop.target] += count
    apart = [largest(names, asked.limit) for names in at]
    steps = []
    for step in range(1, asked.depth + 1):
        counts = at[step]
        nodes = [PathNode(Group(name), counts[name], share(counts[name], paths)) for name in apart[step]]
        rest = sum(counts.values()) - sum(node.count for node in nodes)
        if rest:
            nodes.append(PathNode(Group(None, others=True), rest, share(rest, paths)))
        steps.append(PathStep(step, tuple(nodes), ended[step], len(counts)))
    return PathsResult(paths, tuple(steps), _links(hops, apart))


def _links(hops: Mapping[Hop, int], apart: list[list[str | None]]) -> tuple[PathLink, ...]:
    def group(step: int, name: str) -> Group | None:
        if not step:
            return None
        return Group(name) if name in apart[step] else Group(None, others=True)

    found: Counter[tuple[int, Group | None, Group | None]] = Counter()
    for hop, count in hops.items():
        if hop.target != ENDED:
            found[hop.step, group(hop.step - 1, hop.source), group(hop.step, hop.target)] += count
    links = [PathLink(step, source, target, count) for (step, source, target), count in found.items() if target]

    def order(link: PathLink) -> tuple[int, int, str, str]:
        return link.step, -link.count, _name(link.source), _name(link.target)

    return tuple(sorted(links, key=order))


def _name(group: Group | None) -> str:
    # The others come after all names.
    return "" if group is None else group.value or "\U0010ffff"
