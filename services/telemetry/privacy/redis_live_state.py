"""
The `LiveState` on Redis or Valkey.

Keys, which every service that keeps live state of people uses:

* `mirante:live:<environment>:<tenant>:actor:<actor id>`: what is kept of one actor; the tenant percent-encoded, the
  actor id in lower-case hexadecimal digits.
* `mirante:live:<environment>:<tenant>:...`: everything else of a tenant.

Where an actor is a member of a tenant's key (a sorted set of who is online), only its keeper can take it out. It learns
from the entry in the log, and sooner from the channel `mirante:live:erasures`, whose messages are JSON:
`{"environment": "production", "tenant": "acme", "actor_ids": ["0a1b..."]}`, without `actor_ids` for a whole tenant. As
everything on Redis they may get lost, and the entry in the log counts.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import quote

from redis.exceptions import RedisError

from services.runtime.errors import Unavailable
from services.runtime.redis import RedisClient, messages_of, scanned
from services.telemetry.privacy.requests import Place

CHANNEL: Final = "mirante:live:erasures"

_SECONDS: Final = 5.0
_BATCH: Final = 500


class RedisLiveState:
    """The `LiveState` on Redis or Valkey."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def forget(self, place: Place, actor_ids: Sequence[bytes]) -> int:
        """See `LiveState`."""
        gone = 0
        keys = _actor_keys(place, actor_ids)
        for start in range(0, len(keys), _BATCH):
            async with _answering():
                gone += int(await self._redis.unlink(*keys[start : start + _BATCH]))
        await self._tell(_message(place, actor_ids))
        return gone

    async def forget_tenant(self, place: Place) -> int:
        """See `LiveState`."""
        gone = 0
        pages = scanned(self._redis, f"{_prefix(place)}*", _BATCH)
        while (keys := await _next(pages)) is not None:
            if keys:
                async with _answering():
                    gone += int(await self._redis.unlink(*keys))
        await self._tell(_message(place, None))
        return gone

    async def left(self, place: Place, actor_ids: Sequence[bytes]) -> int:
        """See `LiveState`."""
        found = 0
        keys = _actor_keys(place, actor_ids)
        for start in range(0, len(keys), _BATCH):
            async with _answering():
                found += int(await self._redis.exists(*keys[start : start + _BATCH]))
        return found

    async def _tell(self, message: str) -> None:
        async with _answering():
            await messages_of(self._redis).publish(CHANNEL, message)


async def _next(pages: AsyncIterator[Sequence[str | bytes]]) -> Sequence[str | bytes] | None:
    async with _answering():
        return await anext(pages, None)


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(_SECONDS):
            yield
    except (RedisError, OSError) as error:  # TimeoutError is an OSError
        raise Unavailable("Redis does not answer; the erasure goes on when it does") from error


def _prefix(place: Place) -> str:
    # Nothing in it means anything to SCAN's patterns.
    return f"mirante:live:{quote(place.environment, safe='')}:{quote(place.tenant, safe='')}:"


def _actor_keys(place: Place, actor_ids: Sequence[bytes]) -> list[str]:
    return [f"{_prefix(place)}actor:{actor_id.hex()}" for actor_id in actor_ids]


def _message(place: Place, actor_ids: Sequence[bytes] | None) -> str:
    data: dict[str, object] = {"environment": place.environment, "tenant": place.tenant}
    if actor_ids is not None:
        data["actor_ids"] = [actor_id.hex() for actor_id in actor_ids]
    return json.dumps(data)
