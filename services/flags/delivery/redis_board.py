"""The board on Redis or Valkey: one key for each replica and environment, which expires, and a set of the replicas."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from redis.exceptions import RedisError

from services.flags.delivery.board import POSTED_FOR_SECONDS
from services.runtime.errors import Unavailable
from services.runtime.redis import RedisClient

_PREFIX: Final = "mirante:flags:delivery"
_REPLICAS: Final = f"{_PREFIX}:replicas"
_SECONDS: Final = 0.5
_REPLICAS_SECONDS: Final = 3_600


class RedisBoard:
    """The `Board` on Redis or Valkey."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def post(self, replica: str, texts: Mapping[str, str]) -> None:
        """See `Board`."""
        async with _answering():
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.sadd(_REPLICAS, replica)
            pipeline.expire(_REPLICAS, _REPLICAS_SECONDS)
            for environment, text in texts.items():
                pipeline.set(_key(environment, replica), text, px=int(POSTED_FOR_SECONDS * 1000))
            await pipeline.execute()

    async def read(self, environment: str) -> Mapping[str, str]:
        """See `Board`."""
        async with _answering():
            replicas = sorted(_text(name) for name in await self._redis.smembers(_REPLICAS))
            if not replicas:
                return {}
            # Not MGET: in a cluster each key has its node.
            pipeline = self._redis.pipeline(transaction=False)
            for replica in replicas:
                pipeline.get(_key(environment, replica))
            texts = await pipeline.execute()
            found = {name: _text(text) for name, text in zip(replicas, texts, strict=True) if text is not None}
            if gone := [replica for replica in replicas if replica not in found]:
                await self._redis.srem(_REPLICAS, *gone)
            return found


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(_SECONDS):
            yield
    except (RedisError, OSError) as error:  # TimeoutError is an OSError
        raise Unavailable("Redis does not answer") from error


def _key(environment: str, replica: str) -> str:
    return f"{_PREFIX}:{environment}:{replica}"


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
