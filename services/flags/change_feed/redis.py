"""The feed on Redis or Valkey: one channel."""

from typing import Final

from services.flags.change_feed.texts import TextFeed
from services.runtime.hints.redis import RedisHints
from services.runtime.redis import RedisClient

CHANNEL: Final = "mirante:flags:changes"


class RedisFeed(TextFeed):
    """The `ChangeFeed` on Redis or Valkey. Connects again for ever."""

    def __init__(self, redis: RedisClient) -> None:
        self._hints = RedisHints(redis, CHANNEL)
        super().__init__(self._hints)

    @property
    def lost(self) -> int:
        """Hints that could not be published."""
        return self._hints.lost
