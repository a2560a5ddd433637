"""
The chain of one actor whose events of one time could be either of several steps. Pure.

Treating such events one after the other, in whatever order, gives wrong answers: a group of one time advances a chain
by several steps exactly when the steps can be given to different events of the group.
"""

from collections.abc import Sequence
from itertools import groupby


def chain_of(times: Sequence[int], bits: Sequence[int], steps: int, window_us: int) -> tuple[int, int, int] | None:
    """
    Return the level of an actor, and the indices of the first event of the chain that reached it first and of the event
    that reached it; None when no chain began.

    Args:
        times: of the actor's events, ascending.
        bits: of each event: bit k - 1 is set when it matches step k, and bit 0 only when a chain may begin there.
        steps: how many there are.
        window_us: the longest chain.
    """
    starts: list[int | None] = [None] * (steps + 1)
    found: tuple[int, int, int] | None = None
    for time, group in groupby(range(len(times)), key=times.__getitem__):
        events = list(group)
        before = list(starts)
        for step in range(1, steps + 1):
            start = _newest_start(step, before, events=events, bits=bits, times=times, since=time - window_us)
            if start is None:
                continue
            known = starts[step]
            if known is None or times[start] > times[known]:
                starts[step] = start
            if found is None or step > found[0]:
                reaching = next(event for event in events if bits[event] >> (step - 1) & 1)
                found = step, start, reaching
        if found is not None and found[0] == steps:
            break
    return found


def _newest_start(
    step: int,
    before: Sequence[int | None],
    *,
    events: Sequence[int],
    bits: Sequence[int],
    times: Sequence[int],
    since: int,
) -> int | None:
    """Return where the newest chain began that reaches a step by events of one time."""
    best: int | None = None
    for reached in range(step):
        start = before[reached] if reached else next((event for event in events if bits[event] & 1), None)
        if start is None or times[start] < since or (best is not None and times[start] <= times[best]):
            continue
        if _assignable(range(reached, step), events, bits):
            best = start
    return best


def _assignable(wanted: range, events: Sequence[int], bits: Sequence[int]) -> bool:
    """Return whether steps (counted from 0) can be given to different events: a bipartite matching."""
    if len(wanted) > len(events):
        return False
    holder: dict[int, int] = {}

    def place(step: int, tried: set[int]) -> bool:
        for event in events:
            if bits[event] >> step & 1 and event not in tried:
                tried.add(event)
                if event not in holder or place(holder[event], tried):
                    holder[event] = step
                    return True
        return False

    return all(place(step, set()) for step in wanted)
