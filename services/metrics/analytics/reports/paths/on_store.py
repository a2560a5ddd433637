"""Paths on the store: arrays of all events of some actors, from the keys alone where no property matters. Blocking."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.reports import reading
from services.metrics.analytics.reports.asking import EVERY_EVENT, Scope
from services.metrics.analytics.reports.dialects import DuckDialect, condition, scope_condition
from services.metrics.analytics.reports.local_time import instant
from services.metrics.analytics.reports.paths.asking import Counted, Direction, Paths
from services.metrics.analytics.reports.paths.results import ENDED, Hop
from services.metrics.analytics.reports.reading import Source, actor_ranges, computed_runs
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.runs import Runs, merged

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Events:
    """
    All events of some actors that are looked at, in any order.

    Attributes:
        names: of events, by code.
        actor, time, code: of each event.
        anchor: whether it is one; None: those of the anchor's name are.
    """

    names: Sequence[str]
    actor: Integers
    time: Integers
    code: npt.NDArray[Any]
    anchor: npt.NDArray[np.bool_] | None = None


def hops_on_store(asked: Paths, scope: Scope, source: Source, limits: Limits) -> Counter[Hop]:
    """Return how often each hop is in a path."""
    paths, hops = _Paths(asked), Counter[Hop]()
    if scope.filters or asked.anchor.filters:
        for some in _from_columns(asked, scope, source, limits):
            hops.update(paths.hops(some))
        return hops
    wanted = reading.Events((EVERY_EVENT,), instant(scope.start), instant(scope.end), scope.tenant)
    for found in computed_runs(source, wanted, limits, paths.hops_of_runs):
        hops.update(found)
    return hops


def _from_columns(asked: Paths, scope: Scope, source: Source, limits: Limits) -> Iterator[_Events]:
    dialect = DuckDialect(source.properties(scope.tenant), rest=source.has_rest(scope.tenant))
    where = f"actor IS NOT NULL AND {scope_condition(scope, dialect)}"
    connection = source.connect(scope.tenant, limits)
    try:
        for range_ in actor_ranges(source.rows(scope.tenant)):
            table = connection.execute(
                f"SELECT actor, {dialect.time} AS time, name, {condition(asked.anchor, dialect)} AS anchor "  # noqa: S608 - values are quoted by the dialect
                f"FROM events WHERE {' AND '.join([where, *range_])}"
            ).to_arrow_table()
            encoded = table["name"].combine_chunks().dictionary_encode()
            yield _Events(
                encoded.dictionary.to_pylist(),
                table["actor"].to_numpy(),
                table["time"].to_numpy(),
                encoded.indices.to_numpy(),
                table["anchor"].to_numpy(),
            )
    finally:
        connection.close()


class _Paths:
    """Counts hops, in any number of threads."""

    def __init__(self, asked: Paths) -> None:
        self._asked = asked
        self._gap_us = asked.gap // timedelta(microseconds=1)

    def hops_of_runs(self, runs: Runs) -> Counter[Hop]:
        """Return how often each hop is in a path of some actors."""
        return self.hops(_Events(runs.names, *merged(runs)[1:])) if runs.times else Counter()

    def hops(self, events: _Events) -> Counter[Hop]:
        """Return how often each hop is in a path of some actors."""
        anchor = self._asked.anchor.event
        if anchor is None or anchor not in events.names:
            return Counter()
        # The name in its order, and whether it is an anchor: what events of one time are ordered by.
        names = sorted(events.names)
        places = {name: at for at, name in enumerate(names)}
        kind = 2 * np.array([places[name] for name in events.names], np.int64)[events.code]
        kind += kind == 2 * places[anchor] if events.anchor is None else events.anchor
        actor, time = events.actor, events.time
        out = [places[name] for name in self._asked.excluded if name in places]
        if out:
            kept = ~np.isin(kind >> 1, out)
            actor, time, kind = actor[kept], time[kept], kind[kept]
        actor, time, kind = _in_order(actor, time, kind)
        begins = np.ones(len(actor), bool)
        begins[1:] = (actor[1:] != actor[:-1]) | (np.diff(time) > self._gap_us)
        session = np.cumsum(begins)
        if self._asked.collapse:
            begins[1:] |= kind[1:] != kind[:-1]
            actor, session, kind = actor[begins], session[begins], kind[begins]
        anchors = np.flatnonzero(kind & 1)
        if self._asked.counted is Counted.ACTORS and len(anchors):
            whose = actor[anchors]
            anchors = anchors[np.concatenate(([True], whose[1:] != whose[:-1]))]
        return self._counted(names, session, kind >> 1, anchors)

    def _counted(self, names: Sequence[str], session: Integers, code: Integers, anchors: Integers) -> Counter[Hop]:
        hops: Counter[Hop] = Counter()
        sign, ended = 1 if self._asked.direction is Direction.AFTER else -1, len(names)
        named = (*names, ENDED)
        before = np.full(len(anchors), ended)
        for step in range(1, self._asked.depth + 1):
            at = anchors + sign * step
            inside = (at >= 0) & (at < len(code))
            at[~inside] = anchors[~inside]
            inside &= session[at] == session[anchors]
            here = np.where(inside, code[at], ended)
            pairs, counts = np.unique(before * (ended + 1) + here, return_counts=True)
            for pair, paths in zip(pairs.tolist(), counts.tolist(), strict=True):
                hops[Hop(step, named[pair // (ended + 1)], named[pair % (ended + 1)])] += paths
            anchors, before = anchors[inside], here[inside]
        return hops


def _in_order(actor: Integers, time: Integers, kind: Integers) -> tuple[Integers, Integers, Integers]:
    """Return rows by actor, time and kind; those from keys mostly are."""
    same = actor[1:] == actor[:-1]
    tied = same & (time[1:] == time[:-1])
    swapped = (actor[1:] < actor[:-1]) | (same & (time[1:] < time[:-1])) | (tied & (kind[1:] < kind[:-1]))
    if swapped.any():
        rows = np.lexsort((kind, time, actor))
        actor, time, kind = actor[rows], time[rows], kind[rows]
    return actor, time, kind
