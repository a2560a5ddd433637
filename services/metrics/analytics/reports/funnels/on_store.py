"""Funnels on the store: chains of arrays. Blocking."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.reports import reading
from services.metrics.analytics.reports.answers import durations_of
from services.metrics.analytics.reports.asking import Scope
from services.metrics.analytics.reports.funnels.asking import Entry, Funnel
from services.metrics.analytics.reports.funnels.chains import Events, Rules, chains
from services.metrics.analytics.reports.funnels.results import Cell, FunnelTally
from services.metrics.analytics.reports.local_time import Clock, instant
from services.metrics.analytics.reports.reading import Source, Stretch, bits_type, computed, first_values
from services.metrics.analytics.store.engine import Limits

_LEVELS: Final = 64


@dataclass(frozen=True, slots=True)
class Reached:
    """
    The chains of some actors, one each.

    Attributes:
        actor: who.
        start: when the chain began, microseconds.
        reach: when its level was reached.
        level: 0 for actors that an exclusion took out.
        value: of the breakdown; None without one.
    """

    actor: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    reach: npt.NDArray[np.int64]
    level: npt.NDArray[np.uint8]
    value: npt.NDArray[Any] | None


def reached_levels(funnel: Funnel, scope: Scope, source: Source, limits: Limits) -> Iterator[Reached]:
    """Yield the chains of all actors; reading goes on while chains are looked for."""
    rules = rules_of(funnel, scope)
    exclusions = tuple(each.event for each in funnel.exclusions)
    # With the strict order what matches no step matters: the last selection is of all events.
    every = (type(funnel.steps[0])(None),) if funnel.strict_order else ()
    wanted = reading.Events(
        selections=funnel.steps + exclusions + every,
        start=rules.first_us,
        end=rules.end_us + rules.window_us,
        tenant=scope.tenant,
        filters=scope.filters,
        values=() if funnel.breakdown is None else (funnel.breakdown.property,),
    )
    yield from computed(source, wanted, limits, partial(_reached, rules))


def tally_on_store(funnel: Funnel, scope: Scope, source: Source, limits: Limits) -> FunnelTally:
    """Return what there is to count of a funnel in a period."""
    cells: Counter[Cell] = Counter()
    took, may_still_convert = [np.empty(0, np.int64)], 0
    steps = len(funnel.steps)
    clock = Clock(scope.time_zone, instant(scope.start), instant(scope.end))
    open_since = source.watermark.complete_us - funnel.window // timedelta(microseconds=1)
    for reached in reached_levels(funnel, scope, source, limits):
        bucket = np.zeros(len(reached.level), np.int64)
        if funnel.unit is not None:
            bucket = clock.bucket(reached.start, funnel.unit)
        converted = reached.level == steps
        took.append((reached.reach - reached.start)[converted])
        may_still_convert += int(np.count_nonzero(~converted & (reached.level > 0) & (reached.start > open_since)))
        _count(cells, bucket, reached)
    return FunnelTally(cells, may_still_convert, durations_of(np.concatenate(took)))


def rules_of(funnel: Funnel, scope: Scope) -> Rules:
    """Return the rules of a funnel for a period."""
    return Rules(
        steps=len(funnel.steps),
        window_us=funnel.window // timedelta(microseconds=1),
        first_us=instant(scope.start),
        end_us=instant(scope.end),
        strict_order=funnel.strict_order,
        strict_deduplication=funnel.strict_deduplication,
        strict_increase=funnel.strict_increase,
        first_entry=funnel.entry is Entry.FIRST,
        exclusions=tuple((each.after, each.before) for each in funnel.exclusions),
    )


def _reached(rules: Rules, stretch: Stretch) -> Reached:
    bits = stretch.bits
    excluded = None
    if rules.exclusions:
        type_ = bits_type(len(rules.exclusions))
        excluded = ((bits >> bits.dtype.type(rules.steps)) & ((1 << len(rules.exclusions)) - 1)).astype(type_)
    if rules.exclusions or rules.strict_order:
        bits = bits & bits.dtype.type((1 << rules.steps) - 1)
    found = chains(Events(stretch.actor, stretch.time, bits, excluded), rules)
    return Reached(
        stretch.actors.take(stretch.actor.take(found.start)),
        stretch.time.take(found.start),
        stretch.time.take(found.reach),
        found.level,
        first_values(stretch, found.start, 1) if stretch.values else None,
    )


def _count(cells: Counter[Cell], bucket: npt.NDArray[np.int64], reached: Reached) -> None:
    if reached.value is None:
        starts, of = np.unique(bucket, return_inverse=True) if bucket.any() else (np.zeros(1, np.int64), bucket)
        counts = np.bincount(of * _LEVELS + reached.level, minlength=len(starts) * _LEVELS)
        for cell in np.flatnonzero(counts).tolist():
            cells[Cell(int(starts[cell // _LEVELS]), None, cell % _LEVELS)] += int(counts[cell])
        return
    for start, value, level in zip(bucket.tolist(), reached.value.tolist(), reached.level.tolist(), strict=True):
        cells[Cell(start, value, level)] += 1
