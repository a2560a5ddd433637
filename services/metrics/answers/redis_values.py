"""
The live values in Redis or Valkey, for whoever wants to look at them without asking us.

* `mirante:live:<environment>:<tenant>:metrics` is a serialised `LiveFrame` without series, the tenant percent-encoded.
  It expires when it is not written any more. An erasure of the tenant removes it with everything else under its prefix.
* The channel `mirante:live:<environment>` is told the tenant whenever its frame was written.

Redis may be away: answers of this service never come from it.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from redis.exceptions import RedisError

from services.metrics.answers.hub import Hub
from services.runtime.redis import RedisClient, messages_of

_log = logging.getLogger(__name__)

_EXPIRY_SECONDS: Final = 30
_ROUND_SECONDS: Final = (0.25, 0.5)
_WRITES_PER_SECOND: Final = 1_000
"""After a round changes come together for a while: the longer, the more it wrote, within bounds."""
_REFRESH_SECONDS: Final = 10.0
_MOST_AT_ONCE: Final = 500
_TIMEOUT_SECONDS: Final = 1.0
_AWAY_SECONDS: Final = 2.0


def key_of(environment: str, tenant: str) -> str:
    """Return the key of a tenant's live values."""
    return f"mirante:live:{quote(environment, safe='')}:{quote(tenant, safe='')}:metrics"


def channel_of(environment: str) -> str:
    """Return the channel of an environment."""
    return f"mirante:live:{quote(environment, safe='')}"


class RedisValues:
    """Writes the frames of tenants that have changed, and all of them before they expire; for ever."""

    def __init__(self, redis: RedisClient, environment: str, hub: Hub) -> None:
        self._redis = redis
        self._environment = environment
        self._hub = hub
        self._changed: set[str] = set()
        self._written_at: dict[str, float] = {}
        self.failures = 0
        self.lost = 0
        """Rounds that could not be written."""

    def changed(self, touched: Mapping[str, int]) -> None:
        """Note tenants that have changed."""
        self._changed.update(touched)

    async def run(self) -> None:
        """Write for ever."""
        loop = asyncio.get_running_loop()
        shortest, longest = _ROUND_SECONDS
        pause = shortest
        while True:
            await asyncio.sleep(pause)
            if not self._hub.is_built:
                # Numbers that are still growing, each of them many times, would slow the reading of the log.
                continue
            now = loop.time()
            old = [tenant for tenant, at in self._written_at.items() if now - at > _REFRESH_SECONDS]
            due = list({*self._changed, *old})[:_MOST_AT_ONCE]
            pause = min(longest, max(shortest, len(due) / _WRITES_PER_SECOND))
            if due and not await self._write(due, now):
                await asyncio.sleep(_AWAY_SECONDS)

    async def _write(self, due: list[str], now: float) -> bool:
        values = self._redis.pipeline(transaction=False)
        told = messages_of(self._redis).pipeline(transaction=False)
        self._changed.difference_update(due)
        known = self._hub.tenants
        for tenant in due:
            if tenant in known:
                frame = self._hub.frame(tenant, with_series=False)
                values.set(key_of(self._environment, tenant), frame.SerializeToString(), ex=_EXPIRY_SECONDS)
            else:
                # Not `unlink`, which the pipeline of a cluster does not queue.
                values.execute_command("UNLINK", key_of(self._environment, tenant))
            told.publish(channel_of(self._environment), tenant)
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                await values.execute()
                await told.execute()
        except (RedisError, OSError) as error:  # TimeoutError is an OSError
            if not self.failures:
                _log.warning("live values are not written", extra={"error": type(error).__name__})
            self.failures += 1
            self.lost += 1
            self._changed.update(due)
            return False
        self.failures = 0
        for tenant in due:
            if tenant in known:
                self._written_at[tenant] = now
            else:
                self._written_at.pop(tenant, None)
        return True
