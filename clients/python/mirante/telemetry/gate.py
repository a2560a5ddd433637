"""When the service may be called again after it failed. Pure; times are seconds of a monotonic clock."""

import random
from collections.abc import Callable

from mirante.client.backoff import Backoff
from mirante.telemetry.outcomes import Failure, FailureKind
from mirante.telemetry.settings import Delivery


class Gate:
    """Closed for a growing while after each failure, and until the service's own hint; open again after a success."""

    def __init__(self, delivery: Delivery, draw: Callable[[], float] = random.random) -> None:
        self._away = Backoff(delivery.retry_base, delivery.retry_longest, draw)
        self._denied = Backoff(delivery.denied_base, delivery.denied_longest, draw)
        self._firm = False
        self._failed_at = float("-inf")
        self.failing = False
        self.opens_at = float("-inf")

    def failed(self, failure: Failure, began: float, now: float) -> float:
        """
        Note a call that began at `began` and failed at `now`; return the seconds until the next one.

        Calls that were under way together count as one failure.
        """
        denied = failure.kind is FailureKind.DENIED
        if began > self._failed_at:
            delay = max(failure.retry_after, (self._denied if denied else self._away).next_delay())
            self._firm = denied or failure.retry_after > 0
        else:
            delay = failure.retry_after
            self._firm = self._firm or failure.retry_after > 0
        self.failing, self._failed_at = True, now
        self.opens_at = max(self.opens_at, now + delay)
        return self.opens_at - now

    def succeeded(self, began: float) -> None:
        """Note a call that was answered."""
        if began > self._failed_at:
            self._away.reset()
            self._denied.reset()
            self.failing, self._firm = False, False
            self.opens_at = float("-inf")

    def hurry(self, longest: float, now: float) -> None:
        """Wait for `longest` seconds at most, unless the service said how long or denied the call."""
        if not self._firm:
            self.opens_at = min(self.opens_at, now + longest)
