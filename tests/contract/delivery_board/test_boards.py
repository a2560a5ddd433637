"""Both boards keep the promises of their seam."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import RedisCluster

from services.flags.delivery.board import Board
from services.flags.delivery.memory_board import MemoryBoard
from services.flags.delivery.redis_board import RedisBoard
from services.runtime.errors import Unavailable
from services.runtime.redis import RedisClient, open_redis
from tests.support.datastores import ServerHandle
from tests.support.valkey_cluster import ValkeyCluster


class BoardContract:
    """A subclass provides the fixture `board`."""

    async def test_an_empty_board_holds_nothing(self, board: Board) -> None:
        """Nobody has posted."""
        assert await board.read("production") == {}

    async def test_posts_are_read_by_environment(self, board: Board) -> None:
        """Each replica's, by its name."""
        await board.post("one", {"production": "1p", "staging": "1s"})
        await board.post("two", {"production": "2p"})
        assert await board.read("production") == {"one": "1p", "two": "2p"}
        assert await board.read("staging") == {"one": "1s"}

    async def test_a_post_takes_the_place_of_the_last(self, board: Board) -> None:
        """The newest counts."""
        await board.post("one", {"production": "old"})
        await board.post("one", {"production": "new"})
        assert await board.read("production") == {"one": "new"}


class TestMemoryBoard(BoardContract):
    """`MemoryBoard`."""

    @pytest.fixture
    def board(self) -> MemoryBoard:
        """Return a board."""
        return MemoryBoard()

    async def test_a_replica_that_posts_no_more_is_gone(self) -> None:
        """Its last post does not stay."""
        now = [0.0]
        board = MemoryBoard(lambda: now[0])
        await board.post("one", {"production": "1p"})
        now[0] = 60.0
        assert await board.read("production") == {}


class TestRedisBoard(BoardContract):
    """`RedisBoard` on a real server."""

    @pytest.fixture
    async def redis(self, redis_url: str) -> AsyncIterator[RedisClient]:
        """Yield a client such as the service has."""
        async with open_redis(redis_url) as redis:
            yield redis

    @pytest.fixture
    def board(self, redis: RedisClient) -> RedisBoard:
        """Return a board."""
        return RedisBoard(redis)

    async def test_a_replica_that_posts_no_more_is_gone(self, board: RedisBoard, redis: RedisClient) -> None:
        """Every post expires, and a replica without posts is forgotten."""
        await board.post("one", {"production": "1p"})
        (key,) = await redis.keys("*production*")
        assert 0 < await redis.pttl(key) <= 6_000
        await redis.delete(key)
        assert await board.read("production") == {}
        assert await redis.smembers("mirante:flags:delivery:replicas") == set()

    async def test_a_flushed_board_fills_up_again(self, board: RedisBoard, redis: RedisClient) -> None:
        """With the next posts."""
        await board.post("one", {"production": "1p"})
        await redis.flushall()
        assert await board.read("production") == {}
        await board.post("one", {"production": "1p"})
        assert await board.read("production") == {"one": "1p"}

    async def test_a_board_that_is_away_says_so(self, board: RedisBoard, valkey_server: ServerHandle) -> None:
        """And works again by itself."""
        await valkey_server.stop()
        with pytest.raises(Unavailable):
            await board.post("one", {"production": "1p"})
        with pytest.raises(Unavailable):
            await board.read("production")
        await valkey_server.start()
        await valkey_server.wait_until_ready()
        await board.post("one", {"production": "1p"})
        assert await board.read("production") == {"one": "1p"}


class TestBoardOnACluster(BoardContract):
    """`RedisBoard` on a real cluster, whose nodes hold different keys of one post."""

    @pytest.fixture
    async def board(self, cluster_url: str) -> AsyncIterator[RedisBoard]:
        """Yield a board with a client such as the service has."""
        async with open_redis(cluster_url) as redis:
            # A busy machine may take longer to connect to three nodes than a post may take.
            assert isinstance(redis, RedisCluster)
            await redis.initialize()
            await asyncio.gather(*[node.execute_command("PING") for node in redis.get_nodes()])
            yield RedisBoard(redis)

    async def test_keys_are_where_their_slots_are(self, board: RedisBoard, valkey_cluster: ValkeyCluster) -> None:
        """All is read although no node has all of it."""
        posts = {f"replica-{number}": f"{number}p" for number in range(20)}
        for replica, text in posts.items():
            await board.post(replica, {"production": text})
        assert await board.read("production") == posts
        held = [await node.ask("DBSIZE") for node in valkey_cluster.nodes]
        assert min(held) > 0
        assert sum(held) == len(posts) + 1
