"""When to try again: exponential with jitter, and for ever."""

import random
from collections.abc import Callable


class Backoff:
    """
    Grows from `base` to `longest` seconds, doubling; each delay is between half of that and all of it.

    Half is kept so that a service which refuses at once is never called in a tight loop.
    """

    def __init__(self, base: float, longest: float, draw: Callable[[], float] = random.random) -> None:
        self._base = base
        self._longest = longest
        self._draw = draw
        self._failures = 0

    def next_delay(self) -> float:
        """Return the seconds to wait after one more failure."""
        # Bounded before it is raised to a power: a client may fail for months.
        whole = min(self._longest, self._base * 2.0 ** min(self._failures, 32))
        self._failures += 1
        return whole * (0.5 + 0.5 * self._draw())

    def reset(self) -> None:
        """Begin again with `base`."""
        self._failures = 0
