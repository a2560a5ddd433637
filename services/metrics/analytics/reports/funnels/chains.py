"""
The chains of a funnel: one pass over events in the order of actors and time. Pure.

State of the pass, for each step: the newest chain that has reached it, as the row of its first event. Rows are in the
order of time within an actor, so "the newest" before a row is told by how many there are up to it, and one that came
from another actor by comparing actors. Only rows that match a step are looked at one by one, in arrays.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.reports.funnels.stopping import (
    Reached,
    Rows,
    first_of_each,
    number_of,
    rows_with,
    stops,
)
from services.metrics.analytics.reports.funnels.tied import chain_of

Integers = npt.NDArray[np.int64]
Bits = npt.NDArray[Any]
"""Of any unsigned integer type that is wide enough."""

_NONE: Final = -1


@dataclass(frozen=True, slots=True)
class Rules:
    """
    What makes a chain.

    Attributes:
        steps: how many there are.
        window_us: from the first event of a chain to its last one, inclusive; microseconds.
        first_us, end_us: a chain begins at or after the one and before the other.
        strict_order: an event that matches no step, or a step whose turn it is not, ends it all.
        strict_deduplication: a step that was reached before ends it all; the first step may recur.
        strict_increase: each step is later than the one before.
        first_entry: chains begin at the actor's first event of step 1 only.
        exclusions: of (after, before): one bit of `Events.excluded` each, from the lowest.
    """

    steps: int
    window_us: int
    first_us: int
    end_us: int
    strict_order: bool = False
    strict_deduplication: bool = False
    strict_increase: bool = False
    first_entry: bool = False
    exclusions: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Events:
    """
    Events by actor and time.

    Attributes:
        actor: who; the rows of one actor are neighbours.
        time: microseconds.
        bits: bit k - 1 is set when the event matches step k.
        excluded: bit e is set when it is one of exclusion e; None without exclusions.
    """

    actor: Integers
    time: Integers
    bits: Bits
    excluded: Bits | None = None

    def taken(self, rows: npt.NDArray[Any]) -> "Events":
        """Return some of the rows."""
        excluded = None if self.excluded is None else self.excluded[rows]
        return Events(self.actor[rows], self.time[rows], self.bits[rows], excluded)


@dataclass(frozen=True, slots=True)
class Chains:
    """
    One chain for each actor that began one: the one that reached the actor's level first.

    Attributes:
        start: row of its first event.
        reach: row of the event that reached the level.
        level: from 1 on; 0 for actors whose deepest chain an exclusion ended.
    """

    start: Rows
    reach: Rows
    level: npt.NDArray[np.uint8]


def chains(events: Events, rules: Rules) -> Chains:
    """Return the chains of all actors; rows are those of `events`."""
    starting = _starting(events, rules)
    events, starting, rows = _in_step_order(events, starting)
    if not len(starting):
        return _renumbered(_nothing(), rows)
    if rules.strict_increase or not _overlaps(events.bits):
        return _renumbered(_vectorised(events, rules, starting), rows)
    tied = _tied_actors(events)
    if not len(tied):
        return _renumbered(_vectorised(events, rules, starting), rows)
    return _renumbered(_one_by_one(events, rules, starting, tied), rows)


def _starting(events: Events, rules: Rules) -> Rows:
    """Return the rows at which a chain may begin."""
    rows = rows_with(events.bits, 1)
    time = events.time.take(rows)
    inside = (time >= rules.first_us) & (time < rules.end_us)
    rows = rows if inside.all() else rows[inside]
    if rules.first_entry and len(rows):
        actor = events.actor[rows]
        firsts = first_of_each(actor)
        number = np.cumsum(firsts) - 1
        rows = rows[events.time[rows] == events.time[rows[firsts]][number]]
    return rows


def _in_step_order(events: Events, starting: Rows) -> tuple[Events, Rows, Rows | None]:
    """
    Return the events with those of one time in the order of their steps, exclusions first; and what row each was, None
    when nothing moved. What may not begin a chain is no step 1 any more.
    """
    actor, time = events.actor, events.time
    tie = (time[1:] == time[:-1]) & (actor[1:] == actor[:-1])
    bits = events.bits
    if np.count_nonzero((bits & bits.dtype.type(1)) != 0) != len(starting):
        bits = bits & ~bits.dtype.type(1)
        bits[starting] |= bits.dtype.type(1)
    events = Events(actor, time, bits, events.excluded)
    ties = np.flatnonzero(tie)
    if not len(ties):
        return events, starting, None
    among = np.zeros(len(actor), bool)
    among[ties], among[ties + 1] = True, True
    held = np.flatnonzero(among)
    group = np.cumsum(~np.concatenate(([False], tie))[held])
    step = bits[held].astype(np.int64)
    order = np.lexsort((held, step, group))
    if np.array_equal(order, np.arange(len(order))):
        return events, starting, None
    rows = np.arange(len(actor))
    rows[held] = held[order]
    begins = np.zeros(len(actor), bool)
    begins[starting] = True
    return events.taken(rows), np.flatnonzero(begins[rows]), rows


def _vectorised(events: Events, rules: Rules, starting: Rows) -> Chains:
    reached = _steps_reached(events, rules, starting)
    if rules.exclusions:
        return _without_excluded(events, rules, starting, _deepest(events, reached, None))
    stop = None
    if rules.strict_order or rules.strict_deduplication:
        stop = stops(
            events.actor,
            events.bits,
            reached,
            steps=rules.steps,
            order=rules.strict_order,
            deduplication=rules.strict_deduplication,
        )
    return _deepest(events, reached, stop)


def _steps_reached(events: Events, rules: Rules, starting: Rows, barriers: list[Rows] | None = None) -> list[Reached]:
    """
    Return for each step where it was reached, the deepest ones left out when nobody reached them.

    Args:
        events: of all actors.
        rules: of the funnel.
        starting: rows at which chains begin.
        barriers: for each step and row, the last row before it that ended the chains at that step.
    """
    actor, time, bits = events.actor, events.time, events.bits
    before = _last_earlier(events) if rules.strict_increase else None
    reached = [Reached(starting, starting)]
    for step in range(2, rules.steps + 1):
        newest = reached[-1]
        rows = rows_with(bits, 1 << (step - 1))
        rows = rows[np.searchsorted(rows, starting[0], "right") :]
        seen = rows - 1 if before is None else before.take(rows)
        # The newest chain before a row is the last of as many as there are up to it.
        has_reached = np.zeros(len(actor), np.int8)
        has_reached[newest.rows] = 1
        found = np.cumsum(has_reached, dtype=np.int32).take(seen) - 1
        usable = (found >= 0) & (seen >= 0)
        if barriers is not None:
            usable &= newest.rows.take(found) > barriers[step - 2].take(rows)
        starts = newest.starts.take(found)
        usable &= actor.take(starts) == actor.take(rows)
        usable &= time.take(rows) - time.take(starts) <= rules.window_us
        kept = np.flatnonzero(usable)
        reached.append(Reached(rows.take(kept), starts.take(kept)))
        if not len(kept):
            break
    return reached


def _deepest(events: Events, reached: list[Reached], stop: Rows | None) -> Chains:
    begun = reached[0].rows[first_of_each(events.actor[reached[0].rows])]
    start, reach, level = begun.copy(), begun.copy(), np.ones(len(begun), np.uint8)
    for step, each in enumerate(reached[1:], start=2):
        firsts = first_of_each(events.actor[each.rows])
        rows, starts = each.rows[firsts], each.starts[firsts]
        who = number_of(begun, rows)
        if stop is not None:
            kept = rows < stop[who]
            rows, starts, who = rows[kept], starts[kept], who[kept]
        start[who], reach[who], level[who] = starts, rows, step
    return Chains(start, reach, level)


def _without_excluded(events: Events, rules: Rules, starting: Rows, deepest: Chains) -> Chains:
    """Return the chains that no exclusion ended; actors whose level only such chains reach have level 0."""
    ending = [
        rows_with(events.excluded, 1 << number)
        for number in range(len(rules.exclusions))
        if events.excluded is not None
    ]
    barriers = []
    for step in range(1, rules.steps + 1):
        barrier = np.full(len(events.actor), _NONE)
        for rows, (after, before) in zip(ending, rules.exclusions, strict=True):
            if after <= step < before:
                barrier[rows] = rows
        barriers.append(np.maximum.accumulate(barrier))
    begun = starting[first_of_each(events.actor[starting])]
    clean = Chains(deepest.start.copy(), deepest.reach.copy(), np.zeros_like(deepest.level))
    for step, each in enumerate(_steps_reached(events, rules, starting, barriers), start=1):
        alive = deepest.level[number_of(begun, each.rows)] == step
        for rows, (after, before) in zip(ending, rules.exclusions, strict=True):
            if after <= step < before and len(rows):
                following = np.searchsorted(rows, each.rows, "right")
                ends = rows[np.minimum(following, len(rows) - 1)]
                alive &= ~(
                    (following < len(rows))
                    & (events.actor[ends] == events.actor[each.rows])
                    & (events.time[ends] - events.time[each.starts] <= rules.window_us)
                )
        kept, starts = each.rows[alive], each.starts[alive]
        firsts = first_of_each(events.actor[kept])
        who = number_of(begun, kept[firsts])
        clean.start[who], clean.reach[who], clean.level[who] = starts[firsts], kept[firsts], step
    return clean


def _one_by_one(events: Events, rules: Rules, starting: Rows, tied: Rows) -> Chains:
    """Return the chains where the actors of some groups of rows are gone through one at a time."""
    group = np.cumsum(first_of_each(events.actor))
    slow = np.zeros(group[-1] + 1, bool)
    slow[group[tied]] = True
    apart = slow[group]
    begins = np.zeros(len(group), bool)
    begins[starting] = True
    easy = np.flatnonzero(~apart)
    found = [_nothing()]
    if begins[easy].any():
        rest = _vectorised(events.taken(easy), rules, np.flatnonzero(begins[easy]))
        found.append(_renumbered(rest, easy))
    hard = np.flatnonzero(apart)
    firsts = np.flatnonzero(first_of_each(events.actor[hard]))
    for first, end in zip(firsts, [*firsts[1:], len(hard)], strict=True):
        rows = hard[first:end]
        chain = chain_of(events.time[rows].tolist(), events.bits[rows].tolist(), rules.steps, rules.window_us)
        if chain is not None:
            level, start, reach = chain
            found.append(_renumbered(Chains(_rows([start]), _rows([reach]), np.array([level], np.uint8)), rows))
    return Chains(
        np.concatenate([each.start for each in found]),
        np.concatenate([each.reach for each in found]),
        np.concatenate([each.level for each in found]),
    )


def _overlaps(bits: Bits) -> bool:
    return bool((bits & (bits - bits.dtype.type(1))).any())


def _tied_actors(events: Events) -> Rows:
    """Return rows of one time with different steps, where one event could be either of two steps."""
    tie = (events.time[1:] == events.time[:-1]) & (events.actor[1:] == events.actor[:-1])
    return np.flatnonzero(tie & (events.bits[1:] != events.bits[:-1]))


def _last_earlier(events: Events) -> Rows:
    """Return for each row the last one that is not of its actor and time; -1 when there is none."""
    changed = np.ones(len(events.actor), bool)
    changed[1:] = (events.time[1:] != events.time[:-1]) | (events.actor[1:] != events.actor[:-1])
    rows = np.where(changed, np.arange(len(changed)), 0)
    return np.maximum.accumulate(rows) - 1


def _renumbered(found: Chains, rows: Rows | None) -> Chains:
    return found if rows is None else replace(found, start=rows[found.start], reach=rows[found.reach])


def _nothing() -> Chains:
    return Chains(_rows([]), _rows([]), np.empty(0, np.uint8))


def _rows(values: list[int]) -> Rows:
    return np.array(values, np.intp)
