"""Texts as hints: what the flag service's feed does not show already."""

from services.runtime.hints import MISSED
from services.runtime.hints.redis import RedisHints
from services.runtime.redis import open_redis


async def test_channels_are_apart(redis_url: str) -> None:
    """What is published on one is not heard on another."""
    async with open_redis(redis_url) as redis:
        ours, others = RedisHints(redis, "mirante:telemetry:log"), RedisHints(redis, "mirante:flags:changes")
        hints = ours.hints()
        assert await anext(hints) is MISSED
        await others.publish("staging")
        await ours.publish("produção")
        assert await anext(hints) == "produção"
