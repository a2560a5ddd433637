"""How much each key may ask of one process. Counted in memory: no I/O, and nothing to lose when Redis vanishes."""

import math
import time
from collections.abc import Callable
from typing import Final

from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.runtime.access import Caller
from services.runtime.errors import Overloaded

BURST_SECONDS: Final = 1.0
"""A key that was silent may ask for this many seconds' worth at once."""


class TokenBucket:
    """
    Grants `rate` tokens per second, and up to a burst at once.

    A pure function of the times that it is given, in seconds, which must not run backwards.
    """

    __slots__ = ("_at", "_tokens", "burst", "rate")

    def __init__(self, rate: float, now: float) -> None:
        self.rate = rate
        self.burst = max(1.0, rate * BURST_SECONDS)
        self._tokens = self.burst
        self._at = now

    def take(self, cost: float, now: float) -> float:
        """
        Take tokens, and return 0; or take none, and return the seconds until they are there.

        What costs more than a burst is granted when the bucket is full, and paid off afterwards.
        """
        tokens = self._filled(now)
        needed = cost if cost < self.burst else self.burst
        if tokens >= needed:
            self._tokens = tokens - cost
            return 0.0
        self._tokens = tokens
        return (needed - tokens) / self.rate

    def reserve(self, cost: float, now: float) -> float:
        """Take tokens, in advance if need be, and return the seconds until they are earned."""
        self._tokens = tokens = self._filled(now) - cost
        return 0.0 if tokens >= 0 else -tokens / self.rate

    def _filled(self, now: float) -> float:
        tokens = self._tokens + (now - self._at) * self.rate
        self._at = now
        return tokens if tokens < self.burst else self.burst


class Quotas:
    """
    A bucket for each key.

    Costs are in calls. A key without a quota of its own has `default_per_second`. There are no more buckets than keys
    that were ever let in, which the service bounds.
    """

    def __init__(self, default_per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._default = default_per_second
        self._clock = clock
        self._buckets: dict[str, TokenBucket] = {}
        self.refused = 0

    def charge(self, caller: Caller, cost: float = 1.0) -> None:
        """
        Charge a call.

        Raises:
            Overloaded: the quota is used up; says when enough of it is there again.
        """
        delay = self._bucket(caller).take(cost, self._clock())
        if delay > 0:
            self.refused += 1
            quota = f"{self._rate(caller):g}/s"
            raise Overloaded(
                f"the key has used up its quota of {quota}",
                retry_seconds=(math.floor(delay * 1000) + 1) / 1000,  # never a moment too early
                reason=reasons.ERROR_REASON_QUOTA_EXCEEDED,
                quota=quota,
            )

    def owe(self, caller: Caller, cost: float) -> None:
        """Charge what a call that was let in costs beyond one call. It is paid off before the next call is let in."""
        self._bucket(caller).reserve(cost, self._clock())

    def pace(self, caller: Caller, cost: float) -> float:
        """Charge an item of a stream, and return how many seconds to wait before it is worked on."""
        return self._bucket(caller).reserve(cost, self._clock())

    def _rate(self, caller: Caller) -> float:
        return caller.quota_per_second or self._default

    def _bucket(self, caller: Caller) -> TokenBucket:
        bucket = self._buckets.get(caller.key_id)
        rate = self._rate(caller)
        if bucket is None or bucket.rate != rate:
            bucket = self._buckets[caller.key_id] = TokenBucket(rate, self._clock())
        return bucket
