"""Hints on Redis or Valkey, alone or a cluster: one channel."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from typing import Any, Final

from redis.asyncio.client import PubSub
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from services.runtime.hints import MISSED, Missed
from services.runtime.redis import RedisClient, messages_of

_log = logging.getLogger(__name__)

_PUBLISH_SECONDS: Final = 0.25
_LISTEN_SECONDS: Final = 2.0
"""After this much silence the connection is tried with a ping."""
_FIRST_DELAY, _LONGEST_DELAY = 0.05, 2.0


class RedisHints:
    """The `HintFeed` on a channel of Redis or Valkey. Connects again for ever."""

    def __init__(self, redis: RedisClient, channel: str) -> None:
        self._redis = messages_of(redis)
        self._channel = channel
        self.lost = 0
        """Hints that could not be published."""

    async def publish(self, hint: str) -> None:
        """See `HintFeed`."""
        try:
            async with asyncio.timeout(_PUBLISH_SECONDS):
                await self._redis.publish(self._channel, hint)
        except (RedisError, OSError) as error:  # TimeoutError is an OSError
            self.lost += 1
            _log.info("a hint could not be published", extra={"error": type(error).__name__})

    async def hints(self) -> AsyncIterator[str | Missed]:
        """See `HintFeed`."""
        failures = 0
        while True:
            pubsub = self._redis.pubsub()
            try:
                async with asyncio.timeout(_LISTEN_SECONDS):
                    await pubsub.subscribe(self._channel)
                    await pubsub.get_message(timeout=_LISTEN_SECONDS)  # the confirmation
                if failures:
                    _log.info("Redis answers again")
                failures = 0
                yield MISSED
                while True:
                    hint = await _next(pubsub)
                    if hint is not None:
                        yield hint
            except (RedisError, OSError) as error:
                if not failures:
                    _log.warning(
                        "Redis does not answer: changes are found by polling", extra={"error": type(error).__name__}
                    )
                failures += 1
            finally:
                await _close(pubsub)
            await asyncio.sleep(random.uniform(0.5, 1.0) * min(_LONGEST_DELAY, _FIRST_DELAY * 2 ** min(failures, 10)))


async def _next(pubsub: PubSub) -> str | Missed | None:
    """Return the next hint; None for anything else. Raises when the connection is gone, or silent to a ping."""
    message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=_LISTEN_SECONDS)
    if message is None:
        async with asyncio.timeout(_LISTEN_SECONDS):
            await pubsub.ping()
        message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=_LISTEN_SECONDS)
        if message is None:
            raise RedisConnectionError("no answer to a ping")
    return _text(message)


def _text(message: dict[str, Any]) -> str | Missed | None:
    if message.get("type") != "message":
        return None
    try:
        return bytes(message["data"]).decode()
    except ValueError:
        return MISSED  # not ours: read everything rather than miss something


async def _close(pubsub: PubSub) -> None:
    try:
        async with asyncio.timeout(_LISTEN_SECONDS):
            await pubsub.aclose()  # type: ignore[no-untyped-call]
    except (RedisError, OSError):
        pass
