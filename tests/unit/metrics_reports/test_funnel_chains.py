"""The pass over arrays against the definition of a funnel."""

from collections.abc import Callable, Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.metrics.analytics.reports.funnels.chains import Events, Rules, chains
from tests.support.naive_funnel import level_by_definition, level_step_by_step, level_with_exclusions

WINDOW = 4
STREAMS = st.lists(st.lists(st.tuples(st.integers(0, 8), st.sampled_from("ABCDX")), max_size=7), min_size=1, max_size=6)
STEPS = st.sampled_from(["AB", "ABC", "AAB", "ABA", "ABAB", "ABB"])
Stream = Sequence[tuple[int, str]]


def levels(streams: Sequence[Stream], steps: str, endings: str = "", **rules: object) -> list[int]:
    """The level of each stream's actor."""
    rows = [(actor, *event) for actor, stream in enumerate(streams, start=1) for event in sorted(stream)]
    bits = [sum(1 << at for at, step in enumerate(steps) if step == name) for _, _, name in rows]
    ends = [sum(1 << at for at, ending in enumerate(endings) if ending == name) for _, _, name in rows]
    events = Events(
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.int64),
        np.array(bits, np.uint8),
        np.array(ends, np.uint8) if endings else None,
    )
    if not rules.get("strict_order"):
        events = events.taken(np.flatnonzero(np.array(bits, np.uint8) | np.array(ends, np.uint8)))
    found = chains(events, Rules(len(steps), WINDOW, 0, 100, **rules))  # type: ignore[arg-type]  # flags
    by_actor = dict(zip(events.actor[found.start].tolist(), found.level.tolist(), strict=True))
    assert len(by_actor) == len(found.level)
    in_window = events.time[found.reach] - events.time[found.start]
    assert (in_window >= 0).all()
    assert (in_window <= WINDOW).all()
    return [by_actor.get(actor, 0) for actor in range(1, len(streams) + 1)]


def expected(
    streams: Sequence[Stream], steps: str, level: Callable[[list[tuple[int, frozenset[int]]]], int]
) -> list[int]:
    return [
        level(
            [(time, frozenset(at for at, step in enumerate(steps, start=1) if step == name)) for time, name in stream]
        )
        for stream in streams
    ]


@given(STREAMS, STEPS)
def test_definition(streams: list[Stream], steps: str) -> None:
    """Different events, in order, within the window; whatever is tied, repeated or could be two steps."""
    assert levels(streams, steps) == expected(
        streams, steps, lambda events: level_by_definition(events, len(steps), WINDOW)
    )


@given(STREAMS, STEPS)
def test_strict_increase(streams: list[Stream], steps: str) -> None:
    """Each step is later than the one before."""
    assert levels(streams, steps, strict_increase=True) == expected(
        streams, steps, lambda events: level_by_definition(events, len(steps), WINDOW, increase=True)
    )


@given(STREAMS, STEPS)
def test_first_entry(streams: list[Stream], steps: str) -> None:
    """Only the first event of step 1 begins a chain."""
    assert levels(streams, steps, first_entry=True) == expected(
        streams, steps, lambda events: level_by_definition(events, len(steps), WINDOW, first=True)
    )


@given(STREAMS, st.booleans(), st.booleans())
def test_strict_order_and_deduplication(streams: list[Stream], order: bool, deduplication: bool) -> None:
    """What is out of order, and what comes again, ends it all."""
    assert levels(streams, "ABC", strict_order=order, strict_deduplication=deduplication) == expected(
        streams,
        "ABC",
        lambda events: level_step_by_step(events, 3, WINDOW, order=order, deduplication=deduplication),
    )


@given(STREAMS, st.sampled_from([(1, 2), (2, 3), (1, 3)]), st.sampled_from([(1, 2), (2, 3), (1, 3)]))
def test_exclusions(streams: list[Stream], first: tuple[int, int], second: tuple[int, int]) -> None:
    """Who can reach their level only past an exclusion counts nowhere."""
    want = [
        level_with_exclusions(
            [(time, "ABC".find(name) + 1, {"D": 0, "X": 1}.get(name)) for time, name in stream],
            3,
            WINDOW,
            (first, second),
        )
        for stream in streams
    ]
    assert levels(streams, "ABC", "DX", exclusions=(first, second)) == want
