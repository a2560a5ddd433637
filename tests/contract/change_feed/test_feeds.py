"""Both feeds keep the promises of their seam."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.flags.change_feed import Notice, RulesChanged
from services.flags.change_feed.memory import MemoryFeed
from services.flags.change_feed.redis import CHANNEL, RedisFeed
from services.runtime.redis import RedisClient, messages_of, open_redis
from tests.contract.change_feed.change_feed_contract import ChangeFeedContract, Listener
from tests.support.datastores import ServerHandle
from tests.support.valkey_cluster import ValkeyCluster

HINT = RulesChanged("production", 7)


class TestMemoryFeed(ChangeFeedContract):
    """`MemoryFeed`."""

    @pytest.fixture
    def feed(self) -> MemoryFeed:
        """Return a feed."""
        return MemoryFeed()

    async def test_a_listener_that_does_not_keep_up_is_told_that_it_missed_something(self, feed: MemoryFeed) -> None:
        """What waits is bounded, and what is dropped is said to be."""
        hints = feed.hints()
        assert await anext(hints) is Notice.MISSED
        for revision in range(1_001):
            await feed.publish(RulesChanged("production", revision))
        assert await anext(hints) is Notice.MISSED
        await feed.publish(HINT)
        assert await anext(hints) == HINT


class TestRedisFeed(ChangeFeedContract):
    """`RedisFeed` on a real server."""

    @pytest.fixture
    async def redis(self, redis_url: str) -> AsyncIterator[RedisClient]:
        """Yield a client such as the service has."""
        async with open_redis(redis_url) as redis:
            yield redis

    @pytest.fixture
    def feed(self, redis: RedisClient) -> RedisFeed:
        """Return a feed."""
        return RedisFeed(redis)

    async def test_a_flushed_server_makes_no_difference(self, feed: RedisFeed, redis: RedisClient) -> None:
        """Channels are not data."""
        listener = Listener(feed)
        await listener.until_heard(Notice.MISSED)
        await redis.flushall()
        await feed.publish(HINT)
        await listener.until_heard(HINT)
        await listener.stop()

    async def test_a_restarted_server_is_found_again(self, feed: RedisFeed, valkey_server: ServerHandle) -> None:
        """The listener says that it may have missed something, and hears on."""
        listener = Listener(feed)
        await listener.until_heard(Notice.MISSED)
        await valkey_server.kill()
        await valkey_server.wait_until_ready()
        await listener.until_heard(Notice.MISSED, times=2)
        async with asyncio.timeout(30):
            while HINT not in listener.heard:
                await feed.publish(HINT)
                await asyncio.sleep(0.01)
        await listener.stop()

    async def test_without_a_server_publishing_fails_nothing(
        self, feed: RedisFeed, valkey_server: ServerHandle
    ) -> None:
        """It is counted, and works again by itself."""
        await valkey_server.stop()
        await feed.publish(HINT)
        assert feed.lost == 1
        await valkey_server.start()
        await valkey_server.wait_until_ready()
        listener = Listener(feed)
        await listener.until_heard(Notice.MISSED)
        await feed.publish(HINT)
        await listener.until_heard(HINT)
        assert feed.lost == 1
        await listener.stop()

    @pytest.mark.parametrize("text", ["", "[]", "nonsense", '["production"]', '{"a": 1}', "\xff"])
    async def test_what_is_not_understood_means_read_everything(
        self, feed: RedisFeed, redis: RedisClient, text: str
    ) -> None:
        """A newer version may say something else on the channel."""
        listener = Listener(feed)
        await listener.until_heard(Notice.MISSED)
        await messages_of(redis).publish(CHANNEL, text)
        await listener.until_heard(Notice.MISSED, times=2)
        await listener.stop()


class TestFeedOnACluster(ChangeFeedContract):
    """`RedisFeed` on a real cluster."""

    @pytest.fixture
    async def feed(self, cluster_url: str) -> AsyncIterator[RedisFeed]:
        """Yield a feed such as the service has."""
        async with open_redis(cluster_url) as redis:
            yield RedisFeed(redis)

    async def test_another_node_takes_over(self, feed: RedisFeed, valkey_cluster: ValkeyCluster) -> None:
        """From one that is gone; the listener says that it may have missed something, and hears on."""
        listener = Listener(feed)
        await listener.until_heard(Notice.MISSED)
        [node] = [node for node in valkey_cluster.nodes if await node.ask("PUBSUB", "CHANNELS")]
        node.kill()
        await listener.until_heard(Notice.MISSED, times=2)
        async with asyncio.timeout(30):
            while HINT not in listener.heard:
                await feed.publish(HINT)
                await asyncio.sleep(0.01)
        await listener.stop()
