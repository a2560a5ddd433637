"""How many events each key, and each tenant, may send to one process. Counted in memory."""

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
        self._per_tenant = per_tenant
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, ...], TokenBucket] = OrderedDict()
        self.refused = 0

    def of_key(self, caller: Caller, events: int) -> float:
        """Charge a key; return 0, or the seconds after which it may try again (then nothing was charged)."""
        return self._charge(("", caller.key_id), caller.quota_per_second or self._per_key, events)

    def of_tenant(self, environment: str, tenant: str, events: int) -> float:
        """Charge a tenant, as `of_key`."""
        return self._charge((environment, tenant), self._per_tenant, events)

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
        if delay > 0:
            self.refused += events
        return delay
