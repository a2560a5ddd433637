"""Funnels as plainly as they can be said, to compare with."""

from collections.abc import Sequence

Event = tuple[int, frozenset[int]]
"""When, and which steps it matches, counted from 1."""


def level_by_definition(
    events: Sequence[Event], steps: int, window: int, *, increase: bool = False, first: bool = False
) -> int:
    """The greatest k for which there are k different events in order, within the window of the first of them."""
    begins = [time for time, matches in events if 1 in matches]
    if not begins:
        return 0

    def deepest(used: frozenset[int], last: int, begun: int, level: int) -> int:
        best = level
        if level == steps:
            return best
        for at, (time, matches) in enumerate(events):
            late = time <= last if increase else time < last
            if at in used or late or time - begun > window or level + 1 not in matches:
                continue
            best = max(best, deepest(used | {at}, time, begun, level + 1))
        return best

    return max(
        deepest(frozenset((at,)), time, time, 1)
        for at, (time, matches) in enumerate(events)
        if 1 in matches and (not first or time == min(begins))
    )


def level_step_by_step(
    events: Sequence[Event], steps: int, window: int, *, order: bool = False, deduplication: bool = False
) -> int:
    """The level where each event matches one step at most, with rules that end it all."""
    begun: dict[int, int] = {}
    for time, matches in sorted(events, key=lambda event: (event[0], sorted(event[1]))):
        step = min(matches, default=0)
        if step == 0 or (order and step > 1 and 1 in begun and step - 1 not in begun):
            if order and begun:
                break
            continue
        if deduplication and step > 1 and step in begun:
            break
        if step == 1:
            begun[1] = time
        elif step - 1 in begun and time - begun[step - 1] <= window:
            begun[step] = begun[step - 1]
        if steps in begun:
            break
    return max(begun, default=0)


def level_with_exclusions(
    events: Sequence[tuple[int, int, int | None]], steps: int, window: int, exclusions: Sequence[tuple[int, int]]
) -> int:
    """
    The level, 0 for who is taken out.

    Args:
        events: when, which step (0 for none), which exclusion.
        steps: how many there are.
        window: of a chain.
        exclusions: the steps after and before which each of them counts.
    """
    ordered = sorted(events, key=lambda event: (event[0], event[1]))
    plain = level_step_by_step([(time, frozenset({step} - {0})) for time, step, _ in events], steps, window)
    begun: dict[int, int] = {}
    reached: list[tuple[int, int]] = []
    for time, step, ending in ordered:
        if ending is not None:
            after, before = exclusions[ending]
            begun = {level: start for level, start in begun.items() if not after <= level < before}
            if after <= plain < before:
                reached = [each for each in reached if each[1] + window < time]
        elif step == 1 or (step - 1 in begun and time - begun[step - 1] <= window):
            begun[step] = time if step == 1 else begun[step - 1]
            if step == plain:
                reached.append((time, begun[step]))
    return plain if reached else 0
