"""
The client of a cluster of Redis or Valkey: keys go to the node that has their slot, messages to any node.

Nodes of a cluster tell one another what is published, so whoever publishes or listens needs one that answers, not a
certain one.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from redis.asyncio import Connection, ConnectionPool, Redis, RedisCluster, SSLConnection
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

CLUSTER_SCHEMES: Final = ("redis+cluster://", "rediss+cluster://")

_CONNECT_SECONDS: Final = 1.0
_TRIES: Final = 3
"""Of a command whose node moved or went away: the nodes are asked for the slots in between."""
_PORT: Final = 6379

Node: TypeAlias = tuple[str, int]
"""Host and port."""


class ClusterClient(RedisCluster):
    """
    The client of a cluster.

    Args:
        nodes: some of it; the others are learnt.
        options: of each connection.
    """

    # RedisCluster declares its own.
    __slots__ = ("messages",)

    def __init__(self, nodes: Sequence[Node], options: dict[str, Any]) -> None:
        connection = options.pop("connection_class", Connection)
        super().__init__(
            startup_nodes=[ClusterNode(host, port) for host, port in nodes],
            # The slots of nodes that answer are of use while others are away.
            require_full_coverage=False,
            retry=Retry(NoBackoff(), _TRIES),
            ssl=connection is SSLConnection,
            socket_connect_timeout=_CONNECT_SECONDS,
            socket_timeout=None,
            **options,
        )
        kind = _AnyNodeTls if connection is SSLConnection else _AnyNode
        pool: Any = ConnectionPool(
            connection_class=kind,
            nodes=lambda: [*((node.host, node.port) for node in self.get_nodes()), *nodes],
            socket_connect_timeout=_CONNECT_SECONDS,
            socket_timeout=None,
            retry=Retry(NoBackoff(), 0),
            **options,
        )
        self.messages: Redis = Redis(connection_pool=pool)
        """A client of whichever node answers, for PUBLISH and SUBSCRIBE."""

    async def ping(self, **kwargs: Any) -> Any:
        """Ask all nodes that are known. Raises when one does not answer."""
        return await super().ping(target_nodes=self.ALL_NODES, **kwargs)

    async def scanned(self, pattern: str, count: int) -> AsyncIterator[Sequence[str | bytes]]:
        """Yield the names of all keys that match, page by page, node by node; see `services.runtime.redis.scanned`."""
        await self.initialize()
        for node in self.get_primaries():
            cursor = 0
            while True:
                # Of each node that was asked; the types speak of one server.
                answer: Any = await self.scan(cursor, match=pattern, count=count, target_nodes=node)
                cursors, names = answer
                yield names
                cursor = cursors[node.name]
                if not cursor:
                    break


@asynccontextmanager
async def open_cluster(url: str) -> AsyncIterator[ClusterClient]:
    """
    Open the client of a cluster; nothing is tried.

    Args:
        url: "redis+cluster://user:password@host:port,host:port", with some nodes.

    Raises:
        ValueError: it is no such address.
    """
    nodes, options = parse_cluster_url(url)
    cluster = ClusterClient(nodes, options)
    try:
        yield cluster
    finally:
        await cluster.messages.aclose()
        await cluster.messages.connection_pool.disconnect()
        await cluster.aclose()


def parse_cluster_url(url: str) -> tuple[list[Node], dict[str, Any]]:
    """
    Return the nodes that an address names, and the options of connections to them.

    Raises:
        ValueError: it is no address of a cluster.
    """
    parts = urlsplit(url)
    login, _, hosts = parts.netloc.rpartition("@")
    nodes = [_node(each) for each in hosts.split(",")]
    if parts.path.strip("/") not in ("", "0"):
        raise ValueError("a cluster has the database 0 alone")
    scheme = parts.scheme.removesuffix("+cluster")
    at = f"{login}@" if login else ""
    # Any host does: one of IPv6 would need its brackets.
    options: dict[str, Any] = dict(parse_url(f"{scheme}://{at}node/?{parts.query}"))
    options.pop("host")
    if options.pop("db", 0) != 0:
        raise ValueError("a cluster has the database 0 alone")
    return nodes, options


def _node(text: str) -> Node:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError("a node of a cluster needs a host")
    return parts.hostname, parts.port or _PORT


class _AnyNodeMixin:
    """A connection to the first node that answers, beginning with the one that did last."""

    host: str
    port: int

    def __init__(self, *, nodes: Callable[[], Sequence[Node]], **options: Any) -> None:
        super().__init__(**options)
        self._nodes = nodes

    async def connect_check_health(self, *args: Any, **kwargs: Any) -> None:
        """Connect, if there is no connection."""
        known = list(dict.fromkeys(self._nodes()))
        mine = (self.host, self.port)
        for host, port in sorted(known, key=lambda node: node != mine):
            self.host, self.port = host, port
            try:
                await super().connect_check_health(*args, **kwargs)  # type: ignore[misc]  # of what this is mixed into
            except (RedisConnectionError, RedisTimeoutError) as error:
                refused: Exception = error
            else:
                return
        raise refused


class _AnyNode(_AnyNodeMixin, Connection):
    """Without TLS."""


class _AnyNodeTls(_AnyNodeMixin, SSLConnection):
    """With TLS."""
