"""The use of features on the store. Blocking."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.reports import reading
from services.metrics.analytics.reports.answers import durations_of, share
from services.metrics.analytics.reports.asking import EVERY_EVENT, Scope, Selection
from services.metrics.analytics.reports.engines import store_engine
from services.metrics.analytics.reports.features.asking import FeatureUse, FirstUse
from services.metrics.analytics.reports.features.by_sql import BEGINNING, groups_by_sql, tally_by_sql
from services.metrics.analytics.reports.features.results import (
    FeatureStart,
    FeatureUseResult,
    FirstUseResult,
    UseTally,
    feature_use_result,
)
from services.metrics.analytics.reports.local_time import instant
from services.metrics.analytics.reports.reading import Source, Stretch, computed, computed_runs
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.runs import Runs, by_actor, joined
from services.metrics.analytics.store.schema import NOBODY

_NAMES_AT_ONCE: Final = 64


def feature_use_on_store(asked: FeatureUse, scope: Scope, source: Source, limits: Limits) -> FeatureUseResult:
    """Return how features are used."""
    if scope.filters:
        with store_engine(source, scope.tenant, limits) as engine:
            tally = tally_by_sql(scope, engine)
    else:
        tally = _tally(scope, source, limits)
    missing = tuple(sorted(set(asked.declared) - {event for event, (_, uses) in tally.counts.items() if uses}))
    before = _used_before(missing, scope, source, limits)
    if asked.breakdown is None:
        return feature_use_result(asked, tally, before)
    with store_engine(source, scope.tenant, limits) as engine:
        return feature_use_result(asked, tally, before, *groups_by_sql(asked, scope, engine))


def first_use_on_store(asked: FirstUse, scope: Scope, source: Source, limits: Limits) -> FirstUseResult:
    """Return how long it takes until features are used."""
    since = replace(asked.since, filters=asked.since.filters + scope.filters)
    features = tuple(Selection(name, scope.filters) for name in asked.features)
    wanted = reading.Events((since, *features), None, source.watermark.complete_us, scope.tenant)
    times = _FirstTimes(instant(scope.start), instant(scope.end), len(features))
    found = list(computed(source, wanted, limits, times.of))
    actors = sum(each.actors for each in found)
    starts = []
    for at, name in enumerate(asked.features):
        took = np.concatenate([np.empty(0, np.int64), *(each.took[at] for each in found)])
        starts.append(FeatureStart(name, len(took), share(len(took), actors), durations_of(took)))
    return FirstUseResult(actors, tuple(starts))


def _tally(scope: Scope, source: Source, limits: Limits) -> UseTally:
    wanted = reading.Events((EVERY_EVENT,), instant(scope.start), instant(scope.end), scope.tenant, nobody=True)
    uses, users, everybody = Counter[str](), Counter[str](), 0
    for each in computed_runs(source, wanted, limits, _of_runs):
        for name, of_name, by_name in zip(each.names, each.uses, each.users, strict=True):
            uses[name] += of_name
            users[name] += by_name
        everybody += each.actors
    return UseTally({name: (users[name], count) for name, count in uses.items()}, everybody)


def _used_before(names: Sequence[str], scope: Scope, source: Source, limits: Limits) -> set[str]:
    """Return those of some events that there were at any time up to the end of the period."""
    if not names:
        return set()
    if scope.filters:
        with store_engine(source, scope.tenant, limits) as engine:
            counts = tally_by_sql(replace(scope, start=BEGINNING), engine).counts
        return {name for name in names if name in counts}
    selections = tuple(Selection(name) for name in names)
    found: set[str] = set()
    # Codes of runs are indices in all names, whatever is wanted.
    wanted = reading.Events(selections, None, instant(scope.end), scope.tenant, nobody=True)
    for each in computed_runs(source, wanted, limits, _of_runs):
        found.update(name for name, uses in zip(each.names, each.uses, strict=True) if uses)
    return found


@dataclass(frozen=True, slots=True)
class _Use:
    names: Sequence[str]
    uses: list[int]
    users: list[int]
    actors: int


def _of_runs(runs: Runs) -> _Use:
    """Return the uses and users of each event: actors are told apart by a set of bits each."""
    if not runs.times:
        return _Use([], [], [], 0)
    code = joined(runs.codes)
    uses = np.bincount(code, minlength=len(runs.names))
    uses -= np.bincount(code.take(runs.outside), minlength=len(runs.names))
    order, firsts, actors = by_actor(runs)
    somebody = actors != NOBODY
    users: list[int] = []
    acted = np.zeros(len(actors), bool)
    for first in range(0, len(runs.names), _NAMES_AT_ONCE):
        codes = range(first, min(first + _NAMES_AT_ONCE, len(runs.names)))
        # Wide enough that no difference of codes is cut to one that is in range.
        type_ = np.uint32 if len(runs.names) <= 32 else np.uint64
        # What is shifted too far is nothing, and so is what would be shifted back.
        used = np.left_shift(type_(1), (code - np.uint16(first)).astype(type_))
        # Rows of no run, which are neighbours of others, are among them.
        used[runs.outside] = 0
        of_runs = np.bitwise_or.reduceat(used, runs.begins).take(order)
        held = np.bitwise_or.reduceat(of_runs, firsts) * somebody
        acted |= held > 0
        users += [int(np.count_nonzero(held & held.dtype.type(1 << at))) for at in range(len(codes))]
    return _Use(runs.names, uses.tolist(), users, int(np.count_nonzero(acted)))


@dataclass(frozen=True, slots=True)
class _Took:
    actors: int
    took: list[npt.NDArray[np.int64]]


class _FirstTimes:
    def __init__(self, start: int, end: int, features: int) -> None:
        self._start, self._end = start, end
        self._features = features

    def of(self, stretch: Stretch) -> _Took:
        """Return how many actors began in the period, and the times they took until they used each feature."""
        never = np.iinfo(np.int64).max
        begun = np.full(len(stretch.actors), never)
        rows = _firsts(stretch, np.flatnonzero(stretch.bits & 1))
        begun[stretch.actor[rows]] = stretch.time[rows]
        begun[(begun < self._start) | (begun >= self._end)] = never
        took = []
        for number in range(1, self._features + 1):
            uses = np.flatnonzero(stretch.bits & stretch.bits.dtype.type(1 << number))
            uses = uses[stretch.time[uses] >= begun[stretch.actor[uses]]]
            rows = _firsts(stretch, uses)
            took.append(stretch.time[rows] - begun[stretch.actor[rows]])
        return _Took(int(np.count_nonzero(begun != never)), took)


def _firsts(stretch: Stretch, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the first one of some rows of each actor."""
    actor = stretch.actor[rows]
    first = np.ones(len(rows), bool)
    np.not_equal(actor[1:], actor[:-1], out=first[1:])
    return rows[first]
