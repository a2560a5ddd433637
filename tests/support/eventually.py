"""Waits for a condition, which is how tests here wait for anything."""

import time
from collections.abc import Callable

LONGEST = 30.0
"""Seconds; far more than anything needs, so that only a fault meets it."""


def eventually(condition: Callable[[], object], longest: float = LONGEST) -> bool:
    """Return whether the condition came true."""
    deadline = time.monotonic() + longest
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True
