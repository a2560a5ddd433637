"""
The client of Redis or Valkey, which may be away at any moment: of one server, or of a cluster.

What both can do is what services use: commands on one key each, in pipelines without transactions if they are many,
`unlink` and `exists` of several, and messages (PUBLISH, SUBSCRIBE) through `messages_of`.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from services.runtime.redis_cluster import CLUSTER_SCHEMES, ClusterClient, open_cluster

RedisClient: TypeAlias = "Redis | ClusterClient"
"""A client as `open_redis` yields it."""


@asynccontextmanager
async def open_redis(url: str) -> AsyncIterator[RedisClient]:
    """
    Open the client; nothing is tried. It fails fast: whoever uses it tries again in its own way.

    Args:
        url: "redis://:password@host:port/0", or "redis+cluster://:password@host:port,host:port" with some of the nodes
            of a cluster; both with "rediss" for TLS.

    Raises:
        ValueError: it is no such address.
    """
    if url.startswith(CLUSTER_SCHEMES):
        async with open_cluster(url) as cluster:
            yield cluster
        return
    # No socket_timeout: its wait_for loses cancellations before Python 3.12. Whoever uses the client sets limits.
    redis = Redis.from_url(url, socket_connect_timeout=1.0, socket_timeout=None, retry=Retry(NoBackoff(), 0))
    try:
        yield redis
    finally:
        await redis.aclose()


async def scanned(redis: RedisClient, pattern: str, count: int) -> AsyncIterator[Sequence[str | bytes]]:
    """
    Yield the names of all keys that match, page by page; a page may be empty. Each page is one question to one server.

    Args:
        redis: where.
        pattern: as SCAN has it.
        count: about how many keys to look at for a page.
    """
    if isinstance(redis, ClusterClient):
        async for names in redis.scanned(pattern, count):
            yield names
        return
    cursor = 0
    while True:
        cursor, names = await redis.scan(cursor, match=pattern, count=count)
        yield names
        if not cursor:
            return


def messages_of(redis: RedisClient) -> "Redis":
    """Return the client to publish and subscribe with: of a cluster, one of any node, which tells the others."""
    return redis.messages if isinstance(redis, ClusterClient) else redis
