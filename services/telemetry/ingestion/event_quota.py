"""How many events each key, and each tenant, may send to one process. Counted in memory."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from services.runtime.access import Caller
from services.runtime.calls.quota import TokenBucket

_MOST_BUCKETS: Final = 20_000


class EventQuota:
    """Token buckets in events; see `TokenBucket`. A bucket that was forgotten is full again."""

    def __init__(self, per_key: float, per_tenant: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_key = per_key
        self.per_tenant = per_tenant
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, ...], TokenBucket] = OrderedDict()
        self.refused = 0

    def of_key(self, caller: Caller, events: int) -> float:
        """Charge a key; return 0, or the seconds after which it may try again (then nothing was charged)."""
        return self._charge(("", caller.key_id), self.rate_of(caller), events)

    def of_tenant(self, environment: str, tenant: str, events: int) -> float:
        """Charge a tenant, as `of_key`."""
        return self._charge((environment, tenant), self.per_tenant, events)

    def rate_of(self, caller: Caller) -> float:
        """Return how many events per second a key may send."""
        return caller.quota_per_second or self._per_key

    def _charge(self, name: tuple[str, ...], rate: float, events: int) -> float:
        now = self._clock()
        bucket = self._buckets.get(name)
        if bucket is None or bucket.rate != rate:
            bucket = self._buckets[name] = TokenBucket(rate, now)
            if len(self._buckets) > _MOST_BUCKETS:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(name)
        delay = bucket.take(events, now)
        if delay <= 0:
            return 0.0
        self.refused += events
        return (math.floor(delay * 1000) + 1) / 1000  # never a moment too early
