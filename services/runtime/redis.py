"""The client of Redis or Valkey, which may be away at any moment."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff


@asynccontextmanager
async def open_redis(url: str) -> AsyncIterator["Redis"]:
    """Open the client; nothing is tried. It fails fast: whoever uses it tries again in its own way."""
    # No socket_timeout: its wait_for loses cancellations before Python 3.12. Whoever uses the client sets limits.
    redis = Redis.from_url(url, socket_connect_timeout=1.0, socket_timeout=None, retry=Retry(NoBackoff(), 0))
    try:
        yield redis
    finally:
        await redis.aclose()
