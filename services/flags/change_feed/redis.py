"""The feed on Redis or Valkey: one channel."""

import asyncio
import json
import logging
import random
from collections.abc import AsyncIterator
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from services.flags.change_feed import Hint, Notice, RulesChanged

_log = logging.getLogger(__name__)

CHANNEL: Final = "mirante:flags:changes"

_PUBLISH_SECONDS: Final = 0.25
_LISTEN_SECONDS: Final = 2.0
"""After this much silence the connection is tried with a ping."""
_FIRST_DELAY, _LONGEST_DELAY = 0.05, 2.0


class RedisFeed:
    """The `ChangeFeed` on Redis or Valkey. Connects again for ever."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self.lost = 0
        """Hints that could not be published."""

    async def publish(self, hint: Hint) -> None:
        """See `ChangeFeed`."""
        try:
            async with asyncio.timeout(_PUBLISH_SECONDS):
                await self._redis.publish(CHANNEL, _encode(hint))
        except (RedisError, OSError) as error:  # TimeoutError is an OSError
            self.lost += 1
            _log.info("a hint could not be published", extra={"error": type(error).__name__})

    async def hints(self) -> AsyncIterator[Hint]:
        """See `ChangeFeed`."""
        failures = 0
        while True:
            pubsub = self._redis.pubsub()
            try:
                async with asyncio.timeout(_LISTEN_SECONDS):
                    await pubsub.subscribe(CHANNEL)
                    await pubsub.get_message(timeout=_LISTEN_SECONDS)  # the confirmation
                if failures:
                    _log.info("Redis answers again")
                failures = 0
                yield Notice.MISSED
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


async def _next(pubsub: PubSub) -> Hint | None:
    """Return the next hint; None for anything else. Raises when the connection is gone, or silent to a ping."""
    message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=_LISTEN_SECONDS)
    if message is None:
        async with asyncio.timeout(_LISTEN_SECONDS):
            await pubsub.ping()
        message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=_LISTEN_SECONDS)
        if message is None:
            raise RedisConnectionError("no answer to a ping")
    return _decode(message)


def _encode(hint: Hint) -> str:
    return json.dumps([hint.environment, hint.revision] if isinstance(hint, RulesChanged) else [hint.value])


def _decode(message: dict[str, Any]) -> Hint | None:
    if message.get("type") != "message":
        return None
    try:
        match json.loads(message["data"]):
            case [str(environment), int(revision)]:
                return RulesChanged(environment, revision)
            case [str(notice)]:
                return Notice(notice)
    except ValueError:
        pass
    # Of a newer version, or not ours: read everything rather than miss something.
    return Notice.MISSED


async def _close(pubsub: PubSub) -> None:
    try:
        async with asyncio.timeout(_LISTEN_SECONDS):
            await pubsub.aclose()  # type: ignore[no-untyped-call]
    except (RedisError, OSError):
        pass
