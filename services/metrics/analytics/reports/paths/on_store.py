"""Paths on the store: from the keys alone where no property is asked for, by SQL otherwise. Blocking."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.reports import reading
from services.metrics.analytics.reports.asking import EVERY_EVENT, Scope
from services.metrics.analytics.reports.engines import store_engine
from services.metrics.analytics.reports.local_time import instant
from services.metrics.analytics.reports.paths.asking import Counted, Direction, Paths
from services.metrics.analytics.reports.paths.by_sql import hops_by_sql
from services.metrics.analytics.reports.paths.results import ENDED, Hop
from services.metrics.analytics.reports.reading import Source, computed_runs
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.runs import Runs, merged

Integers = npt.NDArray[np.int64]


def hops_on_store(asked: Paths, scope: Scope, source: Source, limits: Limits) -> Counter[Hop]:
    """Return how often each hop is in a path."""
    if scope.filters or asked.anchor.filters:
        with store_engine(source, scope.tenant, limits) as engine:
            return hops_by_sql(asked, scope, engine)
    wanted = reading.Events((EVERY_EVENT,), instant(scope.start), instant(scope.end), scope.tenant)
    hops: Counter[Hop] = Counter()
    for some in computed_runs(source, wanted, limits, _Paths(asked).hops):
        hops.update(some)
    return hops


class _Paths:
    def __init__(self, asked: Paths) -> None:
        self._asked = asked
        self._gap_us = asked.gap // timedelta(microseconds=1)

    def hops(self, runs: Runs) -> Counter[Hop]:
        """Return how often each hop is in a path of some actors."""
        anchor = self._asked.anchor.event
        if not runs.runs or anchor is None or anchor not in runs.names:
            return Counter()
        # Codes in the order of names, so that they order events of one time.
        names = sorted(runs.names)
        places = {name: at for at, name in enumerate(names)}
        actor, time, code = _in_order(*merged(runs), np.array([places[name] for name in runs.names], np.int64))
        out = [places[name] for name in self._asked.excluded if name in places]
        if out:
            kept = ~np.isin(code, out)
            actor, time, code = actor[kept], time[kept], code[kept]
        begins = np.ones(len(actor), bool)
        begins[1:] = (actor[1:] != actor[:-1]) | (np.diff(time) > self._gap_us)
        session = np.cumsum(begins)
        if self._asked.collapse:
            kept = begins
            kept[1:] |= code[1:] != code[:-1]
            actor, session, code = actor[kept], session[kept], code[kept]
        anchors = np.flatnonzero(code == places[anchor])
        if self._asked.counted is Counted.ACTORS and len(anchors):
            whose = actor[anchors]
            anchors = anchors[np.concatenate(([True], whose[1:] != whose[:-1]))]
        return self._counted(names, session, code, anchors)

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


def _in_order(
    actor: Integers, time: Integers, code: npt.NDArray[Any], ranks: Integers
) -> tuple[Integers, Integers, Integers]:
    """Return rows with those of one time in the order of names, and ranks of names in place of codes."""
    rank: Integers = ranks[code]
    swapped = (actor[1:] == actor[:-1]) & (time[1:] == time[:-1]) & (rank[1:] < rank[:-1])
    if swapped.any():
        rows = np.lexsort((rank, time, actor))
        actor, time, rank = actor[rows], time[rows], rank[rows]
    return actor, time, rank
